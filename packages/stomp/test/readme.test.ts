import { compiledPrograms, outputOf } from '@intermodal/driver-tests/readme-programs';
import { afterAll, expect, test } from 'vitest';
import { serverOf, stopServer } from './broker.ts';

afterAll(() => stopServer('activemq'));

test('the programs of the README compile, and the first one runs', async () => {
  const { hosts, credentials } = (await serverOf('activemq')).options;
  const known = `hosts: ${JSON.stringify(hosts)}, credentials: ${JSON.stringify(credentials)}`;
  const programs = await compiledPrograms(new URL('..', import.meta.url), (code) =>
    code.replace("hosts: [{ host: 'localhost' }]", known),
  );
  expect(programs).toHaveLength(2);
  expect(await outputOf(programs[0])).toBe('');
}, 120_000);
