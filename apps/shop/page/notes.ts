import type { Note } from '../src/live/snapshot.ts';
import { byId, make } from './dom.ts';

const list = byId('notes', HTMLElement);
const most = 100;
let last = 0;

/** Adds what is new, the latest on top. */
export function showNotes(notes: readonly Note[]): void {
  // A shop that was started again counts from the beginning.
  if ((notes.at(-1)?.id ?? 0) < last) {
    last = 0;
    list.replaceChildren();
  }
  for (const { id, at, text } of notes) {
    if (id <= last) continue;
    last = id;
    const time = make('time', {}, new Date(at).toLocaleTimeString('en-GB'));
    list.prepend(make('li', {}, time, ' ', text));
  }
  while (list.childElementCount > most) list.lastElementChild?.remove();
}
