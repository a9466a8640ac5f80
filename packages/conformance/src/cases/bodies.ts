import assert from 'node:assert/strict';
import type { Case } from '../case.ts';
import type { ChannelSettings, Context } from '../context.ts';
import { acceptedOrRefused, eachOnce, upTo } from '../expect.ts';

const refusals = ['invalid-argument', 'invalid-message'] as const;

/** Bytes with every awkward property that a body has had somewhere. */
const binaryBodies: readonly Uint8Array[] = [
  new Uint8Array(0),
  Uint8Array.of(0),
  Uint8Array.from(upTo(256)),
  // Not UTF-8: a lone continuation, an overlong slash, an encoded surrogate, a cut sequence.
  Uint8Array.of(0x80, 0xc0, 0xaf, 0xed, 0xa0, 0x80, 0xe2, 0x82),
  Uint8Array.of(0xef, 0xbb, 0xbf, 0x61),
  Uint8Array.of(0x0d, 0x0a, 0x00, 0x0a, 0x0d),
  Uint8Array.from(upTo(40_000), (value) => (value * 31 + (value >> 7)) & 0xff),
];

const texts: readonly string[] = [
  '',
  ' ',
  'plain',
  '{"looks":"like JSON"}',
  'aGVsbG8=',
  'a line\r\nanother\n\ta tab',
  'nul \u0000, escape \u001B, delete \u007F',
  'not characters: \uFFFE \uFFFF',
  '\uFEFFbegins with a byte order mark',
  'żółć 漢字 🚢 👩‍👩‍👧 e\u0301',
  'x'.repeat(20_000),
];

const jsonValues: readonly unknown[] = [
  null,
  false,
  0,
  -1.5e-7,
  Number.MAX_SAFE_INTEGER,
  '',
  'text \u2028 \u0000 🚢',
  [],
  {},
  [[[null]], { '': '' }],
  JSON.parse('{"__proto__":{"a":1},"constructor":2,"toString":3}') as unknown,
];

async function arriveAsPublished(
  context: Context,
  settings: ChannelSettings,
  bodies: readonly unknown[],
): Promise<void> {
  const parcels = await context.channel(settings);
  const publisher = context.client();
  const wanted = new Map<string, unknown>();
  for (const body of bodies) wanted.set((await publisher.publish(parcels, body)).id, body);
  const journal = context.journal();
  await context.consume(context.client(), parcels, journal.handler());
  await eachOnce(context, journal, [...wanted.keys()]);
  for (const [id, body] of wanted) {
    assert.deepEqual(plain(journal.of(id)[0]?.body), plain(body), 'a body arrived changed');
  }
}

/** Bytes as an ordinary array: whether they come in a Buffer is not the suite's business. */
function plain(body: unknown): unknown {
  return body instanceof Uint8Array ? { bytes: [...body] } : { value: body };
}

export const bodies: readonly Case[] = [
  {
    name: 'binary bodies arrive byte for byte: empty, every value, invalid UTF-8, long',
    rules: ['P2'],
    run: (context) => arriveAsPublished(context, { codec: context.codecs.bytes }, binaryBodies),
  },
  {
    name: 'texts arrive character for character: empty, control characters, beyond the first plane',
    rules: ['P2'],
    run: (context) => arriveAsPublished(context, { codec: context.codecs.text }, texts),
  },
  {
    name: 'JSON values arrive equal',
    rules: ['P2'],
    run: (context) => arriveAsPublished(context, {}, jsonValues),
  },
  {
    name: 'a text that UTF-8 cannot hold is refused or arrives unchanged',
    rules: ['P2'],
    async run(context) {
      const notes = await context.channel({ codec: context.codecs.text });
      const lone = 'half of a pair: \uD83D';
      const publishing = context.client().publish(notes, lone);
      const published = await acceptedOrRefused('publish', publishing, ...refusals);
      if (published === undefined) return;
      const journal = context.journal();
      await context.consume(context.client(), notes, journal.handler());
      await journal.covers([published.id]);
      assert.equal(journal.seen[0]?.body, lone);
    },
  },
  {
    name: 'bodies up to the size limit arrive, and one byte more is too-large with nothing sent',
    rules: ['P2'],
    needs: ['messageBytes'],
    run: atTheLimit,
  },
  {
    name: 'equal bodies with different headers are different messages',
    rules: ['P2', 'P3'],
    async run(context) {
      const notes = await context.channel();
      const publisher = context.client();
      const first = await publisher.publish(notes, { n: 1 }, { headers: { copy: 'first' } });
      const second = await publisher.publish(notes, { n: 1 }, { headers: { copy: 'second' } });
      const journal = context.journal();
      await context.consume(context.client(), notes, journal.handler());
      await eachOnce(context, journal, [first.id, second.id]);
    },
  },
];

async function atTheLimit(context: Context): Promise<void> {
  const limit = context.limits.messageBytes ?? 0;
  const parcels = await context.channel({ codec: context.codecs.bytes });
  const publisher = context.client();
  const accepted = new Map<string, number>();
  let probes = 0;

  async function isAccepted(size: number): Promise<boolean> {
    probes += 1;
    // One length for all ids, since an id is part of what the broker counts.
    const id = `probe-${String(probes).padStart(4, '0')}`;
    // Letters, since some brokers carry other bytes in a longer form.
    const body = new Uint8Array(size).fill(0x61 + (probes % 26));
    const publishing = publisher.publish(parcels, body, { id });
    const published = await acceptedOrRefused(`${size} bytes`, publishing, 'too-large');
    if (published === undefined) return false;
    accepted.set(published.id, size);
    return true;
  }

  // What Intermodal adds to a message counts too, and differs by broker; it is never this much.
  const allowance = 2_048;
  let fits = limit > 2 * allowance ? limit - allowance : Math.floor(limit / 4);
  let tooLarge = limit + 1;
  assert.ok(await isAccepted(fits), `${fits} bytes must fit into a limit of ${limit}`);
  assert.ok(!(await isAccepted(tooLarge)), `${tooLarge} bytes must be too large`);
  while (tooLarge - fits > 1) {
    const middle = Math.floor((fits + tooLarge) / 2);
    if (await isAccepted(middle)) fits = middle;
    else tooLarge = middle;
  }
  const journal = context.journal();
  await context.consume(context.client(), parcels, journal.handler());
  await eachOnce(context, journal, [...accepted.keys()]);
  for (const [id, size] of accepted) {
    const body = journal.of(id)[0]?.body;
    assert.ok(
      body instanceof Uint8Array && body.length === size,
      `a body of ${size} bytes arrived changed`,
    );
  }
}
