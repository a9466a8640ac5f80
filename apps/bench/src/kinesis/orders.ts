/** What the contenders send and receive. */
export interface Order {
  readonly id: string;
  readonly customer: string;
  readonly note: string;
}

const bodyBytes = 100;

/** Many, as a stream has them: a request without aggregation carries one record of each at most. */
export const keys: readonly string[] = Array.from(
  { length: 5_000 },
  (_, index) => `c-${String(index).padStart(5, '0')}`,
);

const note = 'x'.repeat(bodyBytes - bodyOf(order(0, '')).length);

/** An order whose JSON has 100 bytes. */
export function orderOf(number: number): Order {
  return order(number, note);
}

export function bodyOf(of: Order): string {
  return JSON.stringify(of);
}

function order(number: number, text: string): Order {
  return {
    id: String(number).padStart(12, '0'),
    customer: keys[number % keys.length] ?? '',
    note: text,
  };
}
