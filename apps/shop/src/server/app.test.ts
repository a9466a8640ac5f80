import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Hono } from 'hono';
import { type LiveShop, openLiveShop } from '../live/live-shop.ts';
import { createNotes } from '../live/notes.ts';
import { snapshotOf } from '../live/snapshot-of.ts';
import { codeOf } from '../code/code.ts';
import { memoryOffers } from '../offers/memory.ts';
import { createApp } from './app.ts';
import { loadAssets } from './assets.ts';
import { createOwnOrders } from './own-orders.ts';
import { createOrderTaker } from './taken-orders.ts';
import { startTicker, type Ticker } from './ticker.ts';

let shop: LiveShop;
let ticker: Ticker;
let app: Hono;
const notes = createNotes();

beforeAll(async () => {
  const offers = memoryOffers();
  const [offer] = offers;
  if (offer === undefined) throw new Error('there is no memory');
  const own = createOwnOrders();
  shop = await openLiveShop({ offer, make: own.next, note: notes.add });
  const taker = createOrderTaker((orders) => {
    shop.intake.add(orders);
  });
  ticker = startTicker(() => snapshotOf({ shop, offers: [], notes: notes.latest, badLines: 0 }));
  app = createApp({
    shop,
    offers,
    taker,
    ticker,
    assets: await loadAssets(),
    code: () => codeOf(offer),
    boundTo: '127.0.0.1',
    place(count) {
      shop.intake.add(Array.from({ length: count }, own.next));
    },
    note: notes.add,
  });
});

afterAll(async () => {
  ticker.stop();
  await shop[Symbol.asyncDispose]();
});

const host = '127.0.0.1:4600';

async function post(
  path: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; value: unknown }> {
  const answer = await app.request(path, {
    method: 'POST',
    body,
    headers: { host, 'content-type': 'application/json', ...headers },
  });
  return { status: answer.status, value: await answer.json() };
}

test('the page and its scripts are served as the browser wants them, and never kept', async () => {
  const page = await app.request('/', { headers: { host } });
  expect(page.headers.get('content-type')).toContain('text/html');
  expect(page.headers.get('cache-control')).toBe('no-store');
  expect(page.headers.get('content-security-policy')).toMatch(
    /default-src 'none'; script-src 'self' 'sha256-\S+';.*frame-ancestors 'none'/,
  );
  for (const [, path = ''] of (await page.text()).matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
    const part = await app.request(path, { headers: { host } });
    expect([path, part.status]).toEqual([path, 200]);
  }
  const script = await app.request('/page/charts.ts', { headers: { host } });
  expect(script.headers.get('content-type')).toContain('text/javascript');
  expect(await script.text()).not.toContain('import type');
});

test.each([
  ['a name that was made to point here', { host: 'evil.example' }],
  ['another origin', { origin: 'http://evil.example' }],
  ['a form of another site', { 'content-type': 'text/plain' }],
])('what %s asks for is refused and not done', async (_, headers) => {
  const before = shop.intake.ordersPerSecond;
  expect(await post('/api/rate', '{"ordersPerSecond":9}', headers)).toMatchObject({ status: 403 });
  expect(shop.intake.ordersPerSecond).toBe(before);
});

test.each([
  ['/api/rate', '{"ordersPerSecond":-1}'],
  ['/api/rate', '{"ordersPerSecond":1e9}'],
  ['/api/place', '{"count":1000000}'],
  ['/api/handler', '{"reader":"a/b","mode":"explode"}'],
  ['/api/broker', 'no JSON'],
])('%s with %s is a bad request', async (path, body) => {
  expect((await post(path, body)).status).toBe(400);
});

test('what is not there is said', async () => {
  expect((await post('/api/swap', '{"to":"nowhere"}')).status).toBe(409);
  expect((await app.request('/nothing', { headers: { host } })).status).toBe(404);
  expect((await app.request('/page/..%2f..%2fpackage.json', { headers: { host } })).status).toBe(
    404,
  );
});

test('orders are placed, once each', async () => {
  const line =
    '{"orderId":"mine","customerId":"me","placedAt":"2026-09-01T06:01:16.000Z","currency":"EUR","items":[{"sku":"a","quantity":1,"unitPriceCents":1}],"shipTo":{"city":"a","country":"NL"}}';
  const lines = { 'content-type': 'application/x-ndjson' };
  const orders = `${line}\nno\n${line.replace('"mine"', '"shop-1"')}\n`;
  expect(await post('/api/orders', orders, lines)).toEqual({
    status: 200,
    value: {
      orders: 1,
      badLines: 2,
      bad: [
        { line: 2, reason: 'not valid JSON' },
        { line: 3, reason: "orderId: 'shop-…' is for orders of the shop" },
      ],
    },
  });
  expect((await post('/api/orders', line, lines)).value).toMatchObject({ orders: 0, badLines: 1 });
  expect(await post('/api/place', '{"count":20}')).toEqual({ status: 200, value: {} });
  await expect.poll(() => shop.tally.totals().delivered, { timeout: 15_000 }).toBe(12 * 21);
});

test('more than it takes is refused', async () => {
  const lines = { 'content-type': 'application/x-ndjson', 'content-length': '20000000' };
  expect((await post('/api/orders', 'x'.repeat(20_000_000), lines)).status).toBe(413);
});

test('faults are set and ended by the buttons', async () => {
  const reader = 'charge-order/charge-order';
  await post('/api/handler', JSON.stringify({ reader, mode: 'hang' }));
  expect(shop.faults.mode(reader)).toBe('hang');
  await post('/api/handler', JSON.stringify({ reader, mode: 'work' }));
  await post('/api/consumer', JSON.stringify({ reader, consuming: false }));
  expect(shop.leg.consumers.has(reader)).toBe(false);
  await post('/api/consumer', JSON.stringify({ reader, consuming: true }));
  expect(shop.leg.consumers.has(reader)).toBe(true);
  await post('/api/broker', '{"action":"kill"}');
  expect(shop.broker.state).toBe('killed');
  await post('/api/broker', '{"action":"restart"}');
  expect(shop.broker.state).toBe('up');
  expect((await post('/api/redrive', '{}')).value).toEqual({ moved: 0 });
});
