import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  setHandler,
  setRate,
  settle,
  startBrowser,
  swapTo,
  total,
  until,
  untilText,
  untilTotal,
  visit,
} from './browser.ts';
import { startPage } from './page-process.ts';

const timeout = 300_000;
let browser: Browser;

beforeAll(async () => {
  browser = await startBrowser();
}, timeout);

afterAll(async () => {
  await browser.close();
});

const charge = 'charge-order/charge-order';

test(
  'orders are placed, and their numbers, code and capabilities shown, in every size and colour',
  async () => {
    await using shop = await startPage();
    for (const [name, options] of [
      ['desktop-light', {}],
      ['desktop-dark', { colorScheme: 'dark' }],
      ['phone-light', { viewport: { width: 390, height: 844 } }],
      ['phone-dark', { viewport: { width: 390, height: 844 }, colorScheme: 'dark' }],
    ] as const) {
      await using visited = await visit(browser, shop.url, options);
      const { page, complaints } = visited;
      await page.locator('[data-place="100"]').click();
      await untilTotal(page, 'delivered', (value) => value > 1_200);
      await untilText(page, '#line', 'memoryTransport()');
      expect(await page.locator('#capabilities tr').count()).toBe(18);
      const widths = 'document.documentElement.scrollWidth - innerWidth';
      expect(await page.evaluate(widths)).toBeLessThanOrEqual(0);
      expect(await page.evaluate(unnamed)).toEqual([]);
      await visited.screenshot(`open-${name}`);
      expect(complaints).toEqual([]);
    }
    expect(await shop.stop()).toBe(0);
  },
  timeout,
);

/** In the page: what can be used, and has no name for those who cannot see it. */
const unnamed = `
  [...document.querySelectorAll('button, select, input, textarea, [tabindex="0"]')]
    .filter((element) => !(element.textContent.trim() || element.getAttribute('aria-label') ||
      element.getAttribute('aria-labelledby') || element.labels?.length))
    .map((element) => element.outerHTML)
`;

test(
  'own orders are taken, and bad lines told by their numbers',
  async () => {
    await using shop = await startPage();
    await using visited = await visit(browser, shop.url);
    const { page, complaints } = visited;
    await page.getByText('Your own orders').click();
    await page.locator('#own-example').click();
    await page.locator('#own-place').click();
    await untilText(page, '#own-result', '2 orders taken, 1 bad lines');
    expect(await page.locator('#own-bad').innerText()).toMatch(/^line 3: customerId is missing;/);
    await page.locator('#own-place').click();
    await untilText(page, '#own-result', '0 orders taken, 3 bad lines');
    expect(await page.locator('#own-bad').innerText()).toContain(
      'line 1: orderId: the order was placed before',
    );
    await visited.screenshot('own-orders');
    expect(complaints).toEqual([]);
  },
  timeout,
);

describe('faults', () => {
  test(
    'a stopped consumer lets messages pile up, and started again it catches up',
    async () => {
      await using shop = await startPage();
      await using visited = await visit(browser, shop.url);
      const { page, complaints } = visited;
      const card = page.locator(`[data-reader="${charge}"]`);
      await card.getByRole('button', { name: 'Stop consumer' }).click();
      await untilTotal(page, 'in flight', (value) => value > 20);
      await visited.screenshot('stopped');
      await card.getByRole('button', { name: 'Start consumer' }).click();
      await settle(page);
      expect(await total(page, 'lost')).toBe(0);
      expect(await total(page, 'out of order')).toBe(0);
      expect(complaints).toEqual([]);
    },
    timeout,
  );

  test(
    'a handler that fails is tried again, goes to the dead letters, and comes back by redrive',
    async () => {
      await using shop = await startPage();
      await using visited = await visit(browser, shop.url);
      const { page, complaints } = visited;
      await setHandler(page, charge, 'fail');
      await untilTotal(page, 'dead letters', (value) => value > 5);
      expect(await total(page, 'retried')).toBeGreaterThan(0);
      await visited.screenshot('dead-letters');
      await setHandler(page, charge, 'work');
      await setRate(page, 0);
      await untilTotal(page, 'in flight', (value) => value === 0);
      await page.locator('#redrive').click();
      await untilTotal(page, 'dead letters', (value) => value === 0);
      await settle(page);
      expect(await total(page, 'lost')).toBe(0);
      await visited.screenshot('redriven');
      expect(complaints).toEqual([]);
    },
    timeout,
  );

  test(
    'a handler that hangs holds its messages, and a swap ends it and leaves nothing behind',
    async () => {
      await using shop = await startPage();
      await using visited = await visit(browser, shop.url);
      const { page, complaints } = visited;
      await setHandler(page, charge, 'hang');
      await setHandler(page, 'order-events/billing', 'reject');
      await untilTotal(page, 'in flight', (value) => value > 20);
      await untilTotal(page, 'dead letters', (value) => value > 5);
      await visited.screenshot('hanging');
      await swapTo(page, 'memory-log');
      await settle(page);
      expect(await total(page, 'lost')).toBe(0);
      expect(await total(page, 'dead letters')).toBe(0);
      expect(complaints).toEqual([]);
    },
    timeout,
  );

  test(
    'a broker that is killed and started again has lost nothing, where it keeps its messages',
    async () => {
      await using shop = await startPage(['--transport', 'fauxqs-fifo']);
      await using visited = await visit(browser, shop.url);
      const { page, complaints } = visited;
      await untilTotal(page, 'delivered', (value) => value > 20);
      await page.locator('#broker-kill').click();
      await untilText(page, '#broker-state', 'killed');
      await visited.screenshot('killed');
      await page.locator('#broker-restart').click();
      await untilText(page, '#broker-state', 'if killed');
      const before = await total(page, 'delivered');
      await untilTotal(page, 'delivered', (value) => value > before + 50);
      await settle(page);
      expect(await total(page, 'lost')).toBe(0);
      expect(await total(page, 'out of order')).toBe(0);
      expect(complaints).toEqual([]);
    },
    timeout,
  );

  test(
    'what a broker forgot is told as lost, and the shop goes on',
    async () => {
      await using shop = await startPage();
      await using visited = await visit(browser, shop.url);
      const { page, complaints } = visited;
      const card = page.locator(`[data-reader="${charge}"]`);
      await card.getByRole('button', { name: 'Stop consumer' }).click();
      await untilTotal(page, 'in flight', (value) => value > 20);
      await page.locator('#broker-kill').click();
      await page.locator('#broker-restart').click();
      await card.getByRole('button', { name: 'Start consumer' }).click();
      await untilTotal(page, 'lost', (value) => value > 0);
      await settle(page);
      await visited.screenshot('lost');
      expect(complaints).toEqual([]);
    },
    timeout,
  );
});

test(
  'at 2,000 messages a second nothing keeps the page waiting',
  async () => {
    await using shop = await startPage();
    await using visited = await visit(browser, shop.url);
    const { page, complaints, longestTaskMs } = visited;
    await setRate(page, 400);
    await untilTotal(page, 'published', (value) => value > 10_000);
    await visited.screenshot('at-full-speed');
    // Where other tests fill the machine anything may take long, so that one stretch without is what is asked for.
    await longestTaskMs();
    const stretch = async (): Promise<number> => {
      const before = await total(page, 'published');
      await untilTotal(page, 'published', (value) => value > before + 6_000);
      return longestTaskMs();
    };
    await until(stretch, (longest) => longest < 200, 'the longest task of 6,000 messages');
    await settle(page);
    expect(await total(page, 'lost')).toBe(0);
    expect(await total(page, 'out of order')).toBe(0);
    expect(complaints).toEqual([]);
  },
  timeout,
);
