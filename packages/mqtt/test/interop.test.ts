import { afterAll, beforeAll, describe } from 'vitest';
import { type Server, serverOf, stopServer } from './broker.ts';
import { interopTests } from './interop-tests.ts';

describe.each([
  ['mosquitto', '5'],
  ['mosquitto', '3.1.1'],
  ['activemq', '3.1.1'],
] as const)('%s, %s', (name, protocol) => {
  let server: Server;
  beforeAll(async () => {
    server = await serverOf(name);
  }, 300_000);
  interopTests(() => server, protocol);
});

afterAll(async () => {
  await stopServer('mosquitto');
  await stopServer('activemq');
});
