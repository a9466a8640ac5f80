import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { streamSSE } from 'hono/streaming';
import { z } from 'zod';
import type { HandlerMode } from '../live/faults.ts';
import type { LiveShop } from '../live/live-shop.ts';
import type { Code } from '../live/snapshot.ts';
import type { Offer } from '../offers/offer.ts';
import type { Assets } from './assets.ts';
import { refusalOf } from './guard.ts';
import type { OrderTaker } from './taken-orders.ts';
import type { Ticker } from './ticker.ts';

export interface AppOptions {
  readonly shop: LiveShop;
  readonly offers: readonly Offer[];
  readonly taker: OrderTaker;
  readonly ticker: Ticker;
  readonly assets: Assets;
  /** Of each offer, by id. */
  readonly code: (id: string) => Code;
  readonly boundTo: string;
  /** Orders of the shop's own, placed at once. */
  readonly place: (count: number) => void;
  readonly note: (text: string) => void;
}

const mostOrderBytes = 16 * 1_024 * 1_024;
const mostAtOnce = 10_000;
const mostPerSecond = 1_000;

const Swap = z.object({ to: z.string() });
const Rate = z.object({ ordersPerSecond: z.int().min(0).max(mostPerSecond) });
const Place = z.object({ count: z.int().min(1).max(mostAtOnce) });
const Consumer = z.object({ reader: z.string(), consuming: z.boolean() });
const Handler = z.object({
  reader: z.string(),
  mode: z.enum(['work', 'fail', 'reject', 'hang'] satisfies HandlerMode[]),
});
const Broker = z.object({ action: z.enum(['kill', 'restart']) });

/** Something is under way that has to end first. */
class Conflict extends Error {}

/** The page, its stream of states, and what its buttons do. */
export function createApp(options: AppOptions): Hono {
  const { shop, offers, taker, ticker, assets, boundTo, note } = options;
  const app = new Hono();

  app.use(async (context, next) => {
    const { req } = context;
    const problem = refusalOf(
      {
        method: req.method,
        host: req.header('host'),
        origin: req.header('origin'),
        site: req.header('sec-fetch-site'),
        contentType: req.header('content-type'),
      },
      boundTo,
    );
    if (problem !== undefined) return context.json({ error: problem }, 403);
    await next();
    for (const [name, value] of headers(assets.scriptHash)) context.header(name, value);
    return undefined;
  });

  app.onError((error, context) => {
    if (error instanceof z.ZodError || error instanceof SyntaxError)
      return context.json({ error: 'that is not what is asked for here' }, 400);
    return context.json({ error: error.message }, error instanceof Conflict ? 409 : 500);
  });

  for (const [path, { type, text }] of assets.files)
    app.get(path, (context) => context.body(text, 200, { 'content-type': type }));

  app.get('/code/:id', (context) => context.json(options.code(context.req.param('id'))));

  app.get('/events', (context) =>
    streamSSE(context, async (stream) => {
      await stream.writeSSE({ event: 'history', data: JSON.stringify(ticker.history) });
      let data = ticker.latest;
      while (!stream.aborted) {
        await stream.writeSSE({ event: 'snapshot', data });
        data = await ticker.next();
      }
    }),
  );

  /** What a fault does is to the transport in use, so it waits for a hand-over. */
  function notWhileSwapping(): void {
    if (shop.swapping !== undefined) throw new Conflict('a hand-over is under way');
  }

  function button<T>(path: string, schema: z.ZodType<T>, press: (value: T) => unknown): void {
    app.post(path, async (context) => {
      const result = await press(schema.parse(await context.req.json()));
      return context.json(result ?? {});
    });
  }

  button('/api/swap', Swap, ({ to }) => {
    notWhileSwapping();
    const offer = offers.find(({ id }) => id === to);
    if (offer === undefined) throw new Conflict('there is no such transport');
    shop.swap(offer).catch((error: unknown) => {
      note(`${offer.label} cannot be used: ${reasonOf(error)}.`);
    });
  });
  button('/api/rate', Rate, ({ ordersPerSecond }) => {
    shop.intake.setRate(ordersPerSecond);
  });
  button('/api/place', Place, ({ count }) => {
    options.place(count);
  });
  button('/api/consumer', Consumer, async ({ reader, consuming }) => {
    notWhileSwapping();
    await (consuming ? shop.leg.startConsumer(reader) : shop.leg.stopConsumer(reader));
    note(`The consumer of '${reader}' was ${consuming ? 'started' : 'stopped'}.`);
  });
  button('/api/handler', Handler, ({ reader, mode }) => {
    notWhileSwapping();
    shop.faults.set(reader, mode);
    note(`The handler of '${reader}' ${handlerDoes[mode]}.`);
  });
  button('/api/broker', Broker, async ({ action }) => {
    notWhileSwapping();
    await shop.broker[action]();
  });
  button('/api/redrive', z.object({}), async () => {
    notWhileSwapping();
    const moved = await shop.redrive();
    note(`${moved} dead letters were moved back.`);
    return { moved };
  });

  const limit = bodyLimit({
    maxSize: mostOrderBytes,
    onError: (context: Context) => context.json({ error: 'more than 16 MiB of orders' }, 413),
  });
  app.post('/api/orders', limit, async (context) => {
    const { body } = context.req.raw;
    return context.json(await taker.take(body ?? []));
  });

  return app;
}

const handlerDoes: Readonly<Record<HandlerMode, string>> = {
  work: 'works again',
  fail: 'fails from now on',
  reject: 'rejects from now on',
  hang: 'hangs from now on',
};

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function headers(scriptHash: string): readonly (readonly [string, string])[] {
  const policy = [
    "default-src 'none'",
    `script-src 'self' ${scriptHash}`,
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return [
    ['content-security-policy', policy],
    ['cache-control', 'no-store'],
    ['x-content-type-options', 'nosniff'],
    ['referrer-policy', 'no-referrer'],
    ['cross-origin-opener-policy', 'same-origin'],
    ['cross-origin-resource-policy', 'same-origin'],
  ];
}
