import { parser } from 'mqtt-packet';
import { expect, test } from 'vitest';
import { encodePubacks } from './packet.ts';

test.each([4, 5])('acks are read by the parser of MQTT.js, version %s', (protocolVersion) => {
  const found: unknown[] = [];
  const reader = parser({ protocolVersion });
  reader.on('packet', (packet) => found.push(packet));
  reader.parse(encodePubacks([1, 258, 65_535]));
  expect(found).toMatchObject([1, 258, 65_535].map((messageId) => ({ cmd: 'puback', messageId })));
});
