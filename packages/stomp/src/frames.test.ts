import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFrameReader, escapeHeader, frameText, unescapeHeader } from './frames.ts';

interface Heard {
  readonly frames: { command: string; headers: Record<string, string>; body: string }[];
  heartBeats: number;
  broken: number;
}

/** What a reader makes of the bytes, cut at the given places. */
function read(bytes: Buffer, cuts: readonly number[] = []): Heard {
  const heard: Heard = { frames: [], heartBeats: 0, broken: 0 };
  const reader = createFrameReader({
    onFrame({ command, headers, body }) {
      heard.frames.push({
        command,
        headers: Object.fromEntries(headers),
        body: body.toString('latin1'),
      });
    },
    onHeartBeat() {
      heard.heartBeats += 1;
    },
    onBroken() {
      heard.broken += 1;
    },
  });
  const places = [...new Set([0, ...cuts, bytes.length])].toSorted((one, other) => one - other);
  for (const [index, from] of places.entries())
    reader.push(bytes.subarray(from, places[index + 1] ?? bytes.length));
  return heard;
}

test('header text survives', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const escaped = escapeHeader(text);
      expect(escaped).not.toMatch(/[\r\n:]/);
      expect(unescapeHeader(escaped)).toBe(text);
    }),
  );
});

test('a backslash before a letter is a backslash', () => {
  // stompjs 7.5 makes an end of line of it.
  expect(unescapeHeader(String.raw`C\c\\new`)).toBe(String.raw`C:\new`);
  expect(unescapeHeader(String.raw`\t`)).toBe(String.raw`\t`);
});

const frames = fc.array(
  fc.record({
    headers: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ unit: 'grapheme' })),
    body: fc.uint8Array({ maxLength: 40 }),
    isStated: fc.boolean(),
    beats: fc.nat(2),
  }),
  { maxLength: 4 },
);

test('frames are the same wherever the bytes are cut', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat(400), { maxLength: 6 }), (given, cuts) => {
      const wanted = given.map(({ headers, body, isStated }) => ({
        headers,
        body: Buffer.from(isStated ? body : body.filter((byte) => byte !== 0)),
        isStated,
      }));
      const parts = wanted.flatMap(({ headers, body, isStated }, index) => {
        const entries = Object.entries(headers);
        if (isStated) entries.push(['content-length', String(body.length)]);
        const head = frameText('MESSAGE', entries).slice(0, -1);
        return [Buffer.from(head), body, Buffer.from(`\0${'\n'.repeat(given[index]?.beats ?? 0)}`)];
      });
      const bytes = Buffer.concat(parts);
      const heard = read(
        bytes,
        cuts.filter((cut) => cut < bytes.length),
      );
      expect(heard.broken).toBe(0);
      expect(heard.heartBeats).toBe(given.reduce((sum, { beats }) => sum + beats, 0));
      expect(heard.frames.map(({ body }) => body)).toEqual(
        wanted.map(({ body }) => body.toString('latin1')),
      );
      for (const [index, { headers }] of heard.frames.entries())
        expect(headers).toMatchObject(wanted[index]?.headers ?? {});
    }),
  );
});

test('of a repeated header the first counts, and ends of line may be those of Windows', () => {
  const heard = read(Buffer.from('RECEIPT\r\na:1\r\na:2\r\n\r\n\0\r\n'));
  expect(heard.frames).toEqual([{ command: 'RECEIPT', headers: { a: '1' }, body: '' }]);
  expect(heard.heartBeats).toBe(1);
});

test('a body that is longer than it says breaks the stream, once', () => {
  const heard = read(Buffer.from('MESSAGE\ncontent-length:2\n\nabcdef\0MESSAGE\n\n\0'), [30, 34]);
  expect(heard).toEqual({ frames: [], heartBeats: 0, broken: 1 });
});

test('a large body is put together once', () => {
  const body = Buffer.alloc(3_000_000, 0x61);
  const head = Buffer.from(`MESSAGE\ncontent-length:${body.length}\n\n`);
  const bytes = Buffer.concat([head, body, Buffer.of(0)]);
  const cuts = Array.from({ length: 45 }, (_, index) => (index + 1) * 65_536);
  expect(read(bytes, cuts).frames[0]?.body.length).toBe(body.length);
});
