import type { Snapshot, TakenOrders } from '../src/live/snapshot.ts';
import { ask, press } from './ask.ts';
import { byId, figure, make, say } from './dom.ts';

const rate = byId('rate', HTMLInputElement);
const rateShown = byId('rate-shown', HTMLElement);
const own = byId('own', HTMLTextAreaElement);
const file = byId('own-file', HTMLInputElement);

export function showOrders({ intake }: Snapshot): void {
  if (document.activeElement !== rate) {
    rate.value = String(intake.ordersPerSecond);
    say(rateShown, figure(intake.ordersPerSecond));
  }
  say(
    byId('waiting', HTMLElement),
    intake.waiting === 0 ? '' : `${figure(intake.waiting)} wait to be placed`,
  );
}

export function listenToOrders(): void {
  rate.addEventListener('input', () => {
    say(rateShown, figure(Number(rate.value)));
  });
  rate.addEventListener('change', () => {
    void press('/api/rate', { ordersPerSecond: Number(rate.value) });
  });
  for (const button of document.querySelectorAll<HTMLElement>('[data-place]'))
    button.addEventListener('click', () => {
      void press('/api/place', { count: Number(button.dataset['place']) });
    });
  byId('own-example', HTMLElement).addEventListener('click', () => {
    own.value = example();
  });
  byId('own-place', HTMLElement).addEventListener('click', () => {
    void placeOwn(file.files?.[0] ?? own.value);
  });
}

async function placeOwn(lines: Blob | string): Promise<void> {
  const answer = await ask('/api/orders', 'application/x-ndjson', lines);
  if (answer === undefined) return;
  const { orders, badLines, bad } = answer as TakenOrders;
  say(
    byId('own-result', HTMLElement),
    `${figure(orders)} orders taken, ${figure(badLines)} bad lines${badLines > bad.length ? `, the first ${bad.length} of them:` : ''}`,
  );
  byId('own-bad', HTMLElement).replaceChildren(
    ...bad.map(({ line, reason }) => make('li', {}, `line ${figure(line)}: ${reason}`)),
  );
  file.value = '';
}

/** Two orders of one customer, and a line that is none. */
function example(): string {
  const id = Date.now().toString(36);
  const order = (number: number): string =>
    JSON.stringify({
      orderId: `mine-${id}-${number}`,
      customerId: 'me',
      placedAt: new Date().toISOString(),
      currency: 'EUR',
      items: [{ sku: 'tea-green', quantity: number, unitPriceCents: 690 }],
      shipTo: { city: 'Utrecht', country: 'NL' },
    });
  return `${order(1)}\n${order(2)}\n{"orderId":"mine-3"}\n`;
}
