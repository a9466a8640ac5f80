import { describe, expect, test } from 'vitest';
import { placeOf } from '../src/engine.ts';
import type { Server } from './broker.ts';
import { freshPlace } from './engine-tests.ts';
import { openPeer, peerNames } from './peers.ts';
import {
  closeLater,
  collect,
  message,
  never,
  openReceiver,
  send,
  settle,
  transportOf,
} from './support.ts';

/** What a backslash or a line end in a header becomes differs by client: stompjs makes ends of line of some. */
const ours = {
  headers: new Map([
    ['tenant', 'żółć: a,b'],
    ['empty', ''],
  ]),
  key: 'k-1',
  contentType: 'application/json',
  publishedAt: 1_700_000_000_123,
};

/** Bodies and headers are the same on both sides. */
export function interopTests(server: () => Server): void {
  describe.each(peerNames)('%s', (name) => {
    async function peerAt(): Promise<{
      readonly peer: Awaited<ReturnType<typeof openPeer>>;
      readonly address: Awaited<ReturnType<typeof freshPlace>>;
      readonly destination: string;
    }> {
      const { options } = server();
      const peer = await openPeer(name, server());
      closeLater(() => peer.close());
      const address = await freshPlace(server());
      const { destination } = placeOf(options.broker, address, undefined);
      return { peer, address, destination };
    }

    test('reads ours', { timeout: 60_000 }, async () => {
      const { peer, address, destination } = await peerAt();
      const sender = await transportOf(server().options).openSender(address, never);
      const bytes = Buffer.from([...Array(256).keys()]);
      await send(sender, message('m-1', { ...ours, body: bytes }));
      await send(sender, message('m-2', { ...ours, body: '{"n":"żółć"}' }));
      const isActivemq = server().options.broker === 'activemq';
      const found = await peer.take(destination, 2);
      expect(found.map(({ body }) => body)).toEqual([bytes, Buffer.from('{"n":"żółć"}')]);
      // A number where stompit has read it.
      expect(found.map(({ headers }) => Number(headers['content-length']))).toEqual([
        256,
        isActivemq ? NaN : 16,
      ]);
      for (const [index, { headers }] of found.entries()) {
        expect(headers).toMatchObject({
          [isActivemq ? 'imid' : 'amqp-message-id']: `m-${index + 1}`,
          imkey: 'k-1',
          imtime: '1700000000123',
          'content-type': 'application/json',
          persistent: 'true',
          timestamp: isActivemq ? '1700000000123' : '1700000000',
          tenant: 'żółć: a,b',
          imheaders: '{"empty":""}',
        });
      }
    });

    test('is read', { timeout: 60_000 }, async () => {
      const { peer, address, destination } = await peerAt();
      const contentType = 'text/plain';
      const headers = { tenant: 'żółć: a,b', path: String.raw`C:\new\rest` };
      const bytes = Buffer.from([...Array(256).keys()]);
      await peer.send(destination, { headers, body: bytes, contentType, bytes: true });
      const text = Buffer.from('żółć');
      await peer.send(destination, { headers, body: text, contentType, bytes: false });
      const receiver = await openReceiver(transportOf(server().options), address);
      const found = await collect(receiver, 2);
      const isActivemq = server().options.broker === 'activemq';
      expect(found.map(({ message: { body } }) => Buffer.from(body as string))).toEqual([
        bytes,
        text,
      ]);
      expect(found.map(({ message: { body } }) => typeof body)).toEqual([
        'object',
        isActivemq ? 'string' : 'object',
      ]);
      for (const { message: read } of found) {
        expect(read.contentType).toBe(contentType);
        expect(Object.fromEntries(read.headers)).toEqual(headers);
      }
      expect(await settle(receiver, found, 'ack')).toEqual(['done', 'done']);
    });
  });
}
