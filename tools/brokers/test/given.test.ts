import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SQSClient,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { awsClientOptions, startBroker } from '../src/index.ts';

// The brokers that the manifest names run already: `vitest-setup.ts` started them.
describe.each(['fauxqs', 'moto'] as const)('%s', (name) => {
  test('is reached by its variable', async () => {
    const sqs = new SQSClient(awsClientOptions(name));
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'given' }));
    const body = 'é \u{1F600}';
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    expect(Messages).toMatchObject([{ Body: body }]);
    sqs.destroy();
  });

  test('is not started again, nor ended by who was given it', async () => {
    const first = await startBroker(name);
    expect(first.from).toBe('given');
    await first.stop();
    expect((await startBroker(name)).environment).toEqual(first.environment);
  });
});

test('an address where nothing answers is said so', async () => {
  const environment = { INTERMODAL_MOTO_ENDPOINT: 'http://127.0.0.1:1' };
  await expect(startBroker('moto', { environment })).rejects.toThrow(
    'moto: nothing answers at INTERMODAL_MOTO_ENDPOINT=http://127.0.0.1:1',
  );
});

test('the real services have to be asked for', async () => {
  await expect(startBroker('aws', { environment: {} })).rejects.toThrow('INTERMODAL_AWS=1');
  const environment = { INTERMODAL_AWS: '1', AWS_REGION: 'eu-west-1' };
  const aws = await startBroker('aws', { environment });
  expect(awsClientOptions('aws', aws.environment)).toEqual({ region: 'eu-west-1' });
});

test('a name that no broker has is answered with those there are', async () => {
  await expect(startBroker('carrier-pigeon')).rejects.toThrow(/aws, .*fauxqs, .*moto/);
});
