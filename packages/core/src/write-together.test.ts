import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { writeTogether } from './write-together.ts';

/** Its chunks are what a socket would be given. */
function socketWith(highWaterMark = 65_536): { socket: PassThrough; chunks: Buffer[] } {
  const socket = new PassThrough({ highWaterMark });
  writeTogether(socket);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { socket, chunks };
}

async function turn(): Promise<void> {
  await new Promise(setImmediate);
}

test('what is written in one turn leaves as one, in order', async () => {
  const { socket, chunks } = socketWith();
  for (const text of ['a', 'b', 'c']) socket.write(Buffer.from(text));
  await turn();
  socket.write(Buffer.from('d'));
  await turn();
  expect(chunks.map(String)).toEqual(['abc', 'd']);
});

test('what is large or wants to be told keeps its place', async () => {
  const { socket, chunks } = socketWith();
  const large = 'x'.repeat(20_000);
  socket.write(Buffer.from('a'));
  socket.write(Buffer.from(large));
  socket.write(Buffer.from('b'));
  await new Promise<void>((resolve) => {
    socket.write(Buffer.from('c'), () => {
      resolve();
    });
  });
  socket.write('d');
  await turn();
  expect(Buffer.concat(chunks).toString()).toBe(`a${large}bcd`);
});

test('no more than 64 KB wait', async () => {
  const { socket, chunks } = socketWith(1_000_000);
  const chunk = Buffer.alloc(16_000);
  for (let n = 0; n < 10; n += 1) socket.write(chunk);
  await turn();
  expect(chunks.map(({ length }) => length)).toEqual([80_000, 80_000]);
});

test('the end comes last', async () => {
  const { socket, chunks } = socketWith();
  socket.write(Buffer.from('a'));
  socket.write(Buffer.from('b'));
  socket.end();
  await turn();
  expect(chunks.map(String)).toEqual(['ab']);
});

test('who must wait for `drain` is told, and drain comes', async () => {
  const socket = new PassThrough({ highWaterMark: 10 });
  writeTogether(socket);
  expect(socket.write(Buffer.alloc(20))).toBe(true);
  await turn();
  expect(socket.write(Buffer.alloc(1))).toBe(false);
  const drained = new Promise((resolve) => socket.once('drain', resolve));
  socket.resume();
  await drained;
  await turn();
  expect(socket.write(Buffer.alloc(1))).toBe(true);
});
