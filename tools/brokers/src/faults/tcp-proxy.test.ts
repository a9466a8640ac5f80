import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

let server: Server;
let proxy: TcpProxy;
let accepted: Socket[];
const clients: Socket[] = [];

beforeEach(async () => {
  accepted = [];
  server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => socket.write(`echo ${String(chunk)}`));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await startTcpProxy({ port: (server.address() as AddressInfo).port });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  for (const socket of accepted) socket.destroy();
  await proxy.stop();
  server.close();
});

async function open(): Promise<Socket> {
  const client = connect({ port: proxy.port, host: proxy.host, allowHalfOpen: true });
  clients.push(client);
  await once(client, 'connect');
  return client;
}

async function answerTo(client: Socket, text: string): Promise<string> {
  client.write(text);
  const [chunk] = (await once(client, 'data')) as [Buffer];
  return chunk.toString();
}

test('passes on what is said, and counts', async () => {
  const client = await open();
  expect(await answerTo(client, 'one')).toBe('echo one');
  expect(proxy.accepted).toBe(1);
  expect(proxy.connections.map(({ number, bytes }) => ({ number, bytes }))).toEqual([
    { number: 1, bytes: { 'to-server': 3, 'to-client': 8 } },
  ]);
  client.end();
  const [socket] = accepted;
  if (!socket!.readableEnded) await once(socket!, 'end');
  socket!.end();
  await proxy.untilIdle();
});

test('a cut resets both sides, and new connections are served', async () => {
  const client = await open();
  await answerTo(client, 'one');
  const seen = once(client, 'error');
  const serverSeen = once(accepted[0]!, 'error');
  proxy.cut();
  expect(((await seen) as [NodeJS.ErrnoException])[0].code).toBe('ECONNRESET');
  expect(((await serverSeen) as [NodeJS.ErrnoException])[0].code).toBe('ECONNRESET');
  await proxy.untilIdle();
  expect(await answerTo(await open(), 'two')).toBe('echo two');
});

test('one connection alone can be cut', async () => {
  const first = await open();
  const second = await open();
  await proxy.untilAccepted(2);
  const seen = once(first, 'error');
  proxy.connections.find(({ number }) => number === 1)!.cut();
  await seen;
  expect(await answerTo(second, 'still')).toBe('echo still');
});

test('refused connections are reset until restored', async () => {
  const before = await open();
  await proxy.untilAccepted(1);
  proxy.refuse();
  const client = connect(proxy.port, proxy.host);
  clients.push(client);
  const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNRESET');
  expect(await answerTo(before, 'still')).toBe('echo still');
  proxy.restore();
  expect(await answerTo(await open(), 'again')).toBe('echo again');
});

test('a half-close ends one direction', async () => {
  const client = await open();
  await answerTo(client, 'one');
  const ended = once(client.resume(), 'end');
  proxy.connections[0]!.halfClose('to-client');
  await ended;
  const arrived = once(accepted[0]!, 'data');
  client.write('two');
  expect(String(((await arrived) as [Buffer])[0])).toBe('two');
});

test('the client’s own half-close reaches the server as one', async () => {
  const client = await open();
  await answerTo(client, 'one');
  const ended = once(accepted[0]!, 'end');
  client.end();
  await ended;
  const arrived = once(client, 'data');
  accepted[0]!.write('late');
  const [chunk] = (await arrived) as [Buffer];
  expect(chunk.toString()).toBe('late');
});

test('a black hole swallows both ways and tells nobody', async () => {
  const client = await open();
  await answerTo(client, 'one');
  proxy.blackHole();
  client.write('two');
  accepted[0]!.write('unasked');
  // What both wrote has arrived at the proxy, and the server goes away as well.
  const [connection] = proxy.connections;
  while (connection!.bytes['to-server'] < 6 || connection!.bytes['to-client'] < 15) {
    await new Promise(setImmediate);
  }
  accepted[0]!.resetAndDestroy();
  const later = await open();
  later.write('three');
  await proxy.untilAccepted(2);
  expect(accepted[0]!.bytesRead).toBe(3);
  expect(client.bytesRead).toBe(8);
  expect(client.destroyed).toBe(false);
  proxy.restore();
  expect(await answerTo(await open(), 'four')).toBe('echo four');
});

test('delayed chunks keep their order', async () => {
  const client = await open();
  await answerTo(client, '0');
  proxy.delay('to-server', 60);
  client.write('a');
  while (proxy.connections[0]!.bytes['to-server'] < 2) await new Promise(setImmediate);
  proxy.delay('to-server', 0);
  client.write('b');
  let arrived = '';
  for await (const chunk of client) {
    arrived += String(chunk);
    if (arrived.includes('b')) break;
  }
  expect(arrived.replaceAll('echo ', '')).toBe('ab');
});

test('a server that is not there is a reset', async () => {
  proxy.setTarget({ port: 1 });
  const client = connect(proxy.port, proxy.host);
  clients.push(client);
  const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNRESET');
});
