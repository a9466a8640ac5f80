import { openTransport } from '@intermodal/core';
import { expect, test } from 'vitest';
import { snsFromUrl } from './from-url.ts';

const factories = { sns: snsFromUrl };

test('a URL says what a transport is', async () => {
  const standard = await openTransport('sns:?region=eu-west-1', factories);
  expect(standard.capabilities).toMatchObject({ groups: 'many', order: 'none' });
  const url = 'sns://key:secret@127.0.0.1:4566/?fifo&accountId=123456789012&waitSeconds=1';
  const fifo = await openTransport(url, factories);
  expect(fifo.capabilities).toMatchObject({ groups: 'many', order: 'key' });
  await Promise.all([standard.close(), fifo.close()]);
});

test.each([
  ['sns://a,b/', /more than one endpoint/],
  ['sns:?colour=red', /no use for the parameter 'colour'/],
  ['sns:?fifo&fairQueues', /fairQueues is for standard topics/],
  ['sns:?accountId=12', /twelve digits/],
  ['sns:?waitSeconds=21', /waitSeconds/],
])('%s is refused', async (url, text) => {
  await expect(openTransport(url, factories)).rejects.toThrow(text);
});
