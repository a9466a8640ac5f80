import { startOwnBroker } from '@intermodal/brokers';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { setRate, settle, startBrowser, swapTo, total, untilTotal, visit } from './browser.ts';
import { startPage } from './page-process.ts';

const timeout = 600_000;
let browser: Browser;

beforeAll(async () => {
  browser = await startBrowser();
}, timeout);

afterAll(async () => {
  await browser.close();
});

test(
  'under load it goes from one embedded transport to the next, loses nothing, and keeps order where there is one',
  async () => {
    await using shop = await startPage();
    await using visited = await visit(browser, shop.url);
    const { page, complaints } = visited;
    await setRate(page, 25);
    for (const id of ['memory-log', 'fauxqs-fifo', 'fauxqs-sns-fifo', 'kinesis-local', 'memory']) {
      await untilTotal(page, 'in flight', (value) => value > 0);
      await swapTo(page, id);
      await page.locator('[data-place="100"]').click();
      await visited.screenshot(`swapped-${id}`);
      expect(await total(page, 'lost')).toBe(0);
      expect(await total(page, 'out of order')).toBe(0);
    }
    await swapTo(page, 'fauxqs');
    await page.locator('#code details.error').nth(3).waitFor();
    await page.locator('[data-place="100"]').click();
    await untilTotal(page, 'in flight', (value) => value > 0);
    await visited.screenshot('swapped-fauxqs');
    await swapTo(page, 'fauxqs-sns');
    await page.locator('[data-place="100"]').click();
    await swapTo(page, 'aedes');
    await page.locator('[data-place="100"]').click();
    await untilTotal(page, 'in flight', (value) => value > 0);
    await visited.screenshot('swapped-aedes');
    await swapTo(page, 'memory');
    await settle(page);
    expect(await total(page, 'lost')).toBe(0);
    // Of the nine the last ones.
    expect(await page.locator('#swaps-rows tr').count()).toBe(8);
    expect(await page.locator('#swaps-rows .wrong').count()).toBe(0);
    await visited.screenshot('swapped-all');
    expect(complaints).toEqual([]);
  },
  timeout,
);

test(
  'over the real brokers of the fleet, too',
  async () => {
    await using rabbitmq = await startOwnBroker('rabbitmq');
    await using activemq = await startOwnBroker('activemq');
    await using mosquitto = await startOwnBroker('mosquitto');
    await using shop = await startPage([], {
      ...rabbitmq.environment,
      ...activemq.environment,
      ...mosquitto.environment,
    });
    await using visited = await visit(browser, shop.url);
    const { page, complaints } = visited;
    await setRate(page, 20);
    const route = [
      'rabbitmq-single',
      'activemq',
      'activemq-stomp',
      'mosquitto',
      'rabbitmq',
      'memory',
    ];
    for (const id of route) {
      await untilTotal(page, 'in flight', (value) => value > 0);
      await swapTo(page, id);
      await page.locator('[data-place="100"]').click();
      await visited.screenshot(`swapped-${id}`);
      expect(await total(page, 'lost')).toBe(0);
    }
    await settle(page);
    expect(await total(page, 'lost')).toBe(0);
    expect(await page.locator('#swaps-rows .wrong').count()).toBe(0);
    // The page shows no login of a broker.
    const password = new URL(rabbitmq.environment['INTERMODAL_RABBITMQ_URL'] ?? '').password;
    expect(await page.content()).not.toContain(password);
    expect(complaints).toEqual([]);
  },
  timeout,
);
