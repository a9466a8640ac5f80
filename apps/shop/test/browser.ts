import { existsSync, mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { installDebianPackages } from '@intermodal/brokers';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const program = '/usr/bin/chromium';
const artifacts = fileURLToPath(new URL('../../../artifacts/shop/', import.meta.url));
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Debian's Chromium, without a window. @throws NotAvailable with what to install */
export async function startBrowser(): Promise<Browser> {
  if (!existsSync(program))
    await installDebianPackages(['chromium'], 'the tests of the shop’s page', (line) => {
      process.stderr.write(`${line}\n`);
    });
  return chromium.launch({ executablePath: program, args: quiet });
}

/** A page of its own, that must neither complain nor keep anyone waiting. */
export interface Visit extends AsyncDisposable {
  readonly page: Page;
  /** Kept under `artifacts/shop`. */
  screenshot(name: string): Promise<void>;
  /** What the browser was told of: errors, and refusals of its policies. */
  readonly complaints: readonly string[];
  /** The longest time that the page did nothing else since the last call, milliseconds. */
  longestTaskMs(): Promise<number>;
}

export async function visit(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('requestfailed', (request) => {
    complaints.push(`${request.url()}: ${request.failure()?.errorText}`);
  });
  await page.addInitScript(watchLongTasks);
  await page.goto(url);
  await page.locator('#connection[data-state=live]').waitFor();
  return {
    page,
    complaints,
    longestTaskMs: () => page.evaluate('[window.longestTaskMs, (window.longestTaskMs = 0)][0]'),
    async screenshot(name) {
      mkdirSync(artifacts, { recursive: true });
      await page.screenshot({ path: `${artifacts}${name}.png`, fullPage: true });
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** Runs in the page. */
const watchLongTasks = `
  window.longestTaskMs = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries())
      window.longestTaskMs = Math.max(window.longestTaskMs, duration);
  }).observe({ type: 'longtask' });
`;

/** Waits until what is asked for again and again is so, and tells what it was if it never is. */
export async function until<T>(
  ask: () => T | Promise<T>,
  isSo: (value: T) => boolean,
  what: string,
): Promise<void> {
  const givenUpAt = performance.now() + 90_000;
  for (;;) {
    const value = await ask();
    if (isSo(value)) return;
    if (performance.now() > givenUpAt) throw new Error(`${what} stayed ${String(value)}`);
    await sleep(100);
  }
}

/** Waits until an element says so. */
export async function untilText(page: Page, selector: string, text: string): Promise<void> {
  const ask = (): Promise<string> => page.locator(selector).innerText();
  await until(ask, (value) => value.includes(text), selector);
}

/** A number that the page shows: of a total, by its name. */
export async function total(page: Page, name: string): Promise<number> {
  const text = await page.locator(`[data-total="${name}"] .value`).innerText();
  return Number(text.replaceAll(',', ''));
}

/** Waits until a total is as it should be. */
export async function untilTotal(
  page: Page,
  name: string,
  isSo: (value: number) => boolean,
): Promise<void> {
  await until(() => total(page, name), isSo, name);
}

export async function setRate(page: Page, ordersPerSecond: number): Promise<void> {
  await page.locator('#rate').fill(String(ordersPerSecond));
  await blur(page, '#rate');
}

export async function setHandler(page: Page, reader: string, mode: string): Promise<void> {
  const select = `[data-reader="${reader}"] select`;
  await page.locator(select).selectOption(mode);
  await blur(page, select);
}

/** What the person has in hand is not changed under it. */
async function blur(page: Page, selector: string): Promise<void> {
  await page.locator(selector).evaluate((element: { blur(): void }) => {
    element.blur();
  });
}

/** No more orders, and those under way are through. */
export async function settle(page: Page): Promise<void> {
  await setRate(page, 0);
  await untilTotal(page, 'in flight', (value) => value === 0);
}

/** Chooses a transport and waits until its hand-over is done. */
export async function swapTo(page: Page, id: string): Promise<void> {
  await page.locator(`[data-offer="${id}"]`).click();
  const chosen = page.locator(`[data-offer="${id}"][aria-pressed=true]:enabled`);
  // Draining is what takes its time where the machine is busy.
  await chosen.waitFor({ timeout: 200_000 });
  await page.locator('#handover').waitFor({ state: 'hidden' });
}
