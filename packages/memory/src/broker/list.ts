/** A doubly linked list whose items carry the links: an item leaves from anywhere without a search. */
export interface List<T> {
  first: T | undefined;
  last: T | undefined;
}

export interface Linked<T> {
  previous: T | undefined;
  next: T | undefined;
}

export function append<T extends Linked<T>>(list: List<T>, item: T): void {
  item.previous = list.last;
  item.next = undefined;
  if (list.last === undefined) list.first = item;
  else list.last.next = item;
  list.last = item;
}

export function unlink<T extends Linked<T>>(list: List<T>, item: T): void {
  if (item.previous === undefined) list.first = item.next;
  else item.previous.next = item.next;
  if (item.next === undefined) list.last = item.previous;
  else item.next.previous = item.previous;
  item.previous = undefined;
  item.next = undefined;
}
