import { byId, say } from './dom.ts';

/** Presses a button of the shop. What goes wrong is said at the top of the page. */
export async function press(path: string, body: unknown): Promise<void> {
  await ask(path, 'application/json', JSON.stringify(body));
}

/** The answer; undefined where there was none, which is said. */
export async function ask(path: string, type: string, body: BodyInit): Promise<unknown> {
  try {
    const answer = await fetch(path, { method: 'POST', headers: { 'content-type': type }, body });
    const value: unknown = await answer.json();
    if (answer.ok) return value;
    complain((value as { readonly error?: string }).error ?? answer.statusText);
  } catch {
    complain('the shop does not answer');
  }
  return undefined;
}

function complain(text: string): void {
  say(byId('connection', HTMLElement), text);
}
