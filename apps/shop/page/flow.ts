import type { ReaderState, Snapshot } from '../src/live/snapshot.ts';
import { press } from './ask.ts';
import { byId, figure, make, onChange, say } from './dom.ts';

const facts = ['in flight', 'running', 'held', 'delivered', 'retried', 'dead letters'] as const;

interface Card {
  readonly update: (state: ReaderState, mostInFlight: number) => void;
}

const modes: readonly (readonly [mode: string, text: string])[] = [
  ['work', 'works'],
  ['fail', 'fails'],
  ['reject', 'rejects'],
  ['hang', 'hangs'],
];

let cards: ReadonlyMap<string, Card> = new Map();

/** A card for each channel and group, with what is under way to it and its faults. */
export function showFlow({ readers, swap }: Snapshot): void {
  layOut(readers.map(({ reader, channel, group }) => ({ reader, channel, group })));
  const most = Math.max(50, ...readers.map(({ inFlight }) => inFlight));
  for (const state of readers) cards.get(state.reader)?.update(state, most);
  byId('readers', HTMLElement).toggleAttribute('data-swapping', swap !== undefined);
}

const layOut = onChange((readers: readonly Pick<ReaderState, 'reader' | 'channel' | 'group'>[]) => {
  const made = readers.map(({ reader, channel, group }) => {
    const title = channel === group ? channel : group;
    return { channel, group, reader, ...cardOf(reader, title) };
  });
  cards = new Map(made.map(({ reader, update }) => [reader, { update }]));
  const stages = made.filter(({ channel, group }) => channel === group);
  const groups = made.filter(({ channel, group }) => channel !== group);
  byId('readers', HTMLElement).replaceChildren(
    make('div', { className: 'stages' }, ...stages.map(({ box }) => box)),
    make('p', { className: 'branch' }, 'each step also tells order-events, read by'),
    make('div', { className: 'groups' }, ...groups.map(({ box }) => box)),
  );
});

function cardOf(reader: string, title: string): Card & { readonly box: HTMLElement } {
  const values = facts.map(() => make('dd', {}, '0'));
  const bar = make('span', { className: 'bar' });
  const state = make('span', { className: 'state' });
  const handler = make(
    'select',
    {},
    ...modes.map(([value, text]) => make('option', { value }, `handler ${text}`)),
  );
  handler.setAttribute('aria-label', `What the handler of ${title} does`);
  handler.addEventListener('change', () => {
    void press('/api/handler', { reader, mode: handler.value });
  });
  const toggle = make('button', { type: 'button' });
  let consuming = true;
  toggle.addEventListener('click', () => {
    void press('/api/consumer', { reader, consuming: !consuming });
  });
  const box = make(
    'article',
    { className: 'reader' },
    make('h3', {}, title, state),
    make('div', { className: 'track' }, bar),
    make(
      'dl',
      {},
      ...facts.map((name, index) =>
        make('div', {}, make('dt', {}, name), values[index] ?? make('dd')),
      ),
    ),
    make('div', { className: 'row' }, toggle, handler),
  );
  box.dataset['reader'] = reader;
  return {
    box,
    update(now, most) {
      consuming = now.consuming;
      const { inFlight, running, waiting, delivered, retried, deadLettered } = now;
      [inFlight, running, waiting, delivered, retried, deadLettered].forEach((value, index) => {
        const place = values[index];
        if (place !== undefined) say(place, figure(value));
      });
      bar.style.width = `${Math.min(100, (100 * inFlight) / most)}%`;
      say(toggle, now.consuming ? 'Stop consumer' : 'Start consumer');
      toggle.disabled = !now.isRead;
      handler.disabled = !now.isRead;
      if (document.activeElement !== handler) handler.value = now.handler;
      const trouble = troubleOf(now);
      say(state, trouble);
      box.classList.toggle('unread', !now.isRead);
      box.classList.toggle('troubled', trouble !== '' && now.isRead);
      box.toggleAttribute('data-moving', now.isRead && running > 0);
    },
  };
}

function troubleOf({ isRead, consuming, handler }: ReaderState): string {
  if (!isRead) return 'no such group here';
  if (!consuming) return 'stopped';
  return modes.find(([mode]) => mode === handler && mode !== 'work')?.[1] ?? '';
}
