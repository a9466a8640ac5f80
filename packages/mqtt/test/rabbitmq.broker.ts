import { expect, test } from 'vitest';
import { engineTests } from './engine-tests.ts';
import { interopTests } from './interop-tests.ts';
import { freshAddress, never, openReceiver, provision, transportOf } from './support.ts';

const server = engineTests('rabbitmq-protocols', '3.1.1');
interopTests(server, '3.1.1');

test('RabbitMQ 3.10 closes connections of MQTT 5 without a word', async () => {
  const transport = transportOf({ ...server().options(), protocol: '5' });
  const checking = transport.check(undefined, never);
  await expect(checking).rejects.toMatchObject({ code: 'unsupported', retryable: false });
});

test('a shared subscription that would deliver nothing is a mismatch', async () => {
  const transport = transportOf({ ...server().options(), broker: 'mosquitto', member: 'a' });
  const opening = openReceiver(transport, freshAddress());
  await expect(opening).rejects.toMatchObject({ code: 'mismatch', retryable: false });
});

test('a group can be verified', async () => {
  const transport = transportOf(server().options());
  const address = freshAddress();
  const verifying = provision(transport, address, 'verify');
  await expect(verifying).rejects.toMatchObject({ code: 'not-found' });
  await provision(transport, address);
  await provision(transport, address, 'verify');
});
