import type { Order } from './order.ts';

type Some<T> = readonly [T, ...T[]];

interface Place {
  readonly city: string;
  readonly country: string;
  readonly currency: string;
}

const places: Some<Place> = [
  { city: 'Utrecht', country: 'NL', currency: 'EUR' },
  { city: 'Leipzig', country: 'DE', currency: 'EUR' },
  { city: 'Lyon', country: 'FR', currency: 'EUR' },
  { city: 'Cork', country: 'IE', currency: 'EUR' },
  { city: 'Porto', country: 'PT', currency: 'EUR' },
  { city: 'Leeds', country: 'GB', currency: 'GBP' },
  { city: 'Malmö', country: 'SE', currency: 'SEK' },
  { city: 'Łódź', country: 'PL', currency: 'PLN' },
  { city: 'Basel', country: 'CH', currency: 'CHF' },
  { city: 'Ostrava', country: 'CZ', currency: 'CZK' },
];

const products: Some<readonly [sku: string, unitPriceCents: number]> = [
  ['mug-blue', 1_250],
  ['mug-red', 1_250],
  ['teapot-iron', 4_990],
  ['kettle-1l', 3_495],
  ['sencha-100g', 895],
  ['assam-250g', 1_140],
  ['rooibos-100g', 650],
  ['honey-lime', 720],
  ['strainer', 540],
  ['scale-2kg', 2_790],
  ['grinder-hand', 6_400],
  ['filter-100', 480],
  ['espresso-1kg', 2_150],
  ['cups-6', 2_980],
  ['tray-oak', 3_900],
  ['gift-box', 350],
];

const customers = 400;
const firstOrderAt = Date.UTC(2026, 8, 1, 6);

/** The same orders whenever it is called: a shop of teas and cups, some customers far busier than others. */
export function sampleOrders(count: number): Order[] {
  const random = seededRandom(20_260_901);
  const below = (end: number): number => Math.floor(random() * end);
  let at = firstOrderAt;
  return Array.from({ length: count }, (_, index) => {
    at += 1_000 * (5 + below(170));
    // Squared, so that a customer with a low number orders more often.
    const customer = Math.floor(random() ** 2 * customers);
    const { city, country, currency } = nth(places, customer);
    const items = Array.from({ length: 1 + Math.floor(random() ** 2 * 4) }, () => {
      const [sku, unitPriceCents] = nth(products, below(products.length));
      return { sku, quantity: 1 + Math.floor(random() ** 3 * 6), unitPriceCents };
    });
    return {
      orderId: `o-${String(index + 1).padStart(5, '0')}`,
      customerId: `c-${String(customer + 1).padStart(4, '0')}`,
      placedAt: new Date(at).toISOString(),
      currency,
      items,
      shipTo: { city, country },
    };
  });
}

function nth<T>(list: Some<T>, index: number): T {
  return list[index % list.length] ?? list[0];
}

/** Numbers in [0, 1) that depend on nothing but the seed: a multiplicative congruential generator. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
