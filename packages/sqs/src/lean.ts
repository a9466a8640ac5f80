/** How the operations that carry messages are spoken without the SDK's walk over a schema. */
export interface LeanSpeech {
  readonly commands: ReadonlySet<string>;
  /** The request's body. */
  readonly write: (input: object) => string;
  /** What the SDK is given as input in its place, for endpoint and path. */
  readonly bare: (input: object) => object;
  /** Nothing for what is not as expected: then the SDK reads it. */
  readonly read: (bytes: Buffer) => object | undefined;
}

/** What it needs of a client, whichever service's. */
export interface LeanClient {
  readonly middlewareStack: unknown;
  readonly config: { readonly streamCollector: (stream: never) => Promise<Uint8Array> };
}

interface Arguments {
  readonly input: object;
  readonly request?: { body: unknown };
}

interface Result {
  readonly output: { readonly $metadata?: unknown };
  readonly response: { readonly statusCode: number; body: unknown };
}

type Handler = (args: Arguments) => Promise<Result>;
type Middleware = (next: Handler, context: { readonly commandName?: string }) => Handler;

interface Stack {
  removeByTag(tag: string): boolean;
  add(middleware: Middleware, options: object): void;
}

interface Exchange {
  readonly sent: string;
  answer: object | undefined;
}

/** Signing, endpoints, errors and everything else stay the SDK's. */
export function speakLean(client: LeanClient, speech: LeanSpeech): void {
  const stack = client.middlewareStack as Stack;
  const exchanges = new WeakMap<object, Exchange>();
  // It copies every input and output for a logger that is not there.
  stack.removeByTag('LOGGER');

  stack.add(
    (next, context) => async (args) => {
      if (!speech.commands.has(context.commandName ?? '')) return next(args);
      const exchange: Exchange = { sent: speech.write(args.input), answer: undefined };
      exchanges.set(context, exchange);
      const result = await next(Object.assign({}, args, { input: speech.bare(args.input) }));
      if (exchange.answer === undefined) return result;
      const { $metadata } = result.output;
      return { ...result, output: Object.assign({}, exchange.answer, { $metadata }) };
    },
    { step: 'initialize', name: 'leanInput' },
  );

  stack.add(
    (next, context) => (args) => {
      const exchange = exchanges.get(context);
      if (exchange !== undefined && args.request !== undefined) args.request.body = exchange.sent;
      return next(args);
    },
    // Before the length of the body is taken.
    { step: 'build', priority: 'high', name: 'leanRequest' },
  );

  stack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      const exchange = exchanges.get(context);
      const { response } = result;
      // An error is the SDK's to read.
      if (exchange === undefined || response.statusCode !== 200) return result;
      const bytes = await client.config.streamCollector(response.body as never);
      exchange.answer = speech.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
      response.body = exchange.answer === undefined ? bytes : new Uint8Array(0);
      return result;
    },
    // Before the SDK reads it.
    { step: 'deserialize', priority: 'low', name: 'leanResponse' },
  );
}
