import type { Code, Snapshot } from '../src/live/snapshot.ts';
import { byId, make, say } from './dom.ts';

let shown = '';

/** The program with the line of the transport in use, and what the compiler says of it. */
export function showCode({ transport }: Snapshot): void {
  if (transport.id === shown) return;
  shown = transport.id;
  void load(transport.id);
}

async function load(id: string): Promise<void> {
  const answer = await fetch(`/code/${encodeURIComponent(id)}`);
  if (answer.ok) draw((await answer.json()) as Code);
}

function draw({ lines, changing, errors }: Code): void {
  const count = errors.length;
  say(
    byId('code-says', HTMLElement),
    count === 0
      ? 'The marked lines are all that changes. Everything else that the program asks for, this transport can do.'
      : `The marked lines are all that changes. ${count} ${count === 1 ? 'line asks' : 'lines ask'} for what this transport cannot do, and the compiler says so:`,
  );
  say(byId('line', HTMLElement), lines[changing.at(-1) ?? 0] ?? '');
  say(
    byId('line-says', HTMLElement),
    count === 0
      ? 'the only line that changes: see the program'
      : `the only line that changes: see what the compiler refuses then`,
  );
  byId('code', HTMLElement).replaceChildren(
    ...lines.flatMap((text, index) => [
      lineOf(text, index, changing.includes(index)),
      ...errors.filter(({ line }) => line === index).map((error) => errorOf(error.text)),
    ]),
  );
}

function lineOf(text: string, index: number, isChanging: boolean): HTMLElement {
  const number = make('span', { className: 'number' }, String(index + 1));
  number.setAttribute('aria-hidden', 'true');
  const code = make('code', {}, text === '' ? ' ' : text);
  return make('div', { className: isChanging ? 'line changing' : 'line' }, number, code);
}

/** The reason is in the middle of what the compiler says; the whole of it can be opened. */
function errorOf(text: string): HTMLElement {
  const [, reason] = /Unsupported<"([^"]+)">/.exec(text) ?? [];
  if (reason === undefined) return make('p', { className: 'error' }, text);
  return make(
    'details',
    { className: 'error' },
    make('summary', {}, reason),
    make('pre', {}, text),
  );
}
