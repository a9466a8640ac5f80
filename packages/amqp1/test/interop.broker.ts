import { installDebianPackages } from '@intermodal/brokers';
import { afterAll, beforeAll, describe } from 'vitest';
import { type BrokerName, type Server, serverOf, stopServer } from './broker.ts';
import { interopTests } from './interop-tests.ts';

const brokers = [
  ['activemq', 'activemq'],
  ['rabbitmq', 'rabbitmq3'],
  ['rabbitmq4', 'rabbitmq'],
] as const satisfies readonly (readonly [BrokerName, string])[];

beforeAll(async () => {
  await installDebianPackages(['python3-qpid-proton'], 'the tests with Qpid Proton', (line) => {
    process.stderr.write(`${line}\n`);
  });
}, 600_000);

describe.each(brokers)('%s', (name, broker) => {
  let server: Server;
  beforeAll(async () => {
    server = await serverOf(name);
  });
  afterAll(() => stopServer(name));
  interopTests(() => server, broker, ['rhea', 'qpid']);
});
