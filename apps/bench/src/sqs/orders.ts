/** What the contenders send, validate where they validate, and receive. */
export interface Order {
  readonly id: string;
  readonly type: 'order.placed';
  readonly customer: string;
  readonly timestamp: string;
  readonly note: string;
}

const bodyBytes = 200;

export const keys: readonly string[] = Array.from(
  { length: 16 },
  (_, index) => `customer-${String(index).padStart(2, '0')}`,
);

const empty = order(0, '');
const note = 'x'.repeat(bodyBytes - JSON.stringify(empty).length);

/** An order whose JSON has 200 bytes. */
export function orderOf(number: number): Order {
  return order(number, note);
}

export function bodyOf(of: Order): string {
  return JSON.stringify(of);
}

function order(number: number, text: string): Order {
  return {
    id: String(number).padStart(12, '0'),
    type: 'order.placed',
    customer: keys[number % keys.length] ?? '',
    timestamp: '2026-11-22T12:00:00.000Z',
    note: text,
  };
}
