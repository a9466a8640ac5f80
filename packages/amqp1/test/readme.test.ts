import { compiledPrograms, outputOf } from '@intermodal/driver-tests/readme-programs';
import { afterAll, expect, test } from 'vitest';
import { serverOf, stopServer } from './broker.ts';

afterAll(() => stopServer('activemq'));

test('the programs of the README compile, and the first one runs', async () => {
  const { host, url } = await serverOf('activemq');
  const { username, password } = url;
  const there = `${JSON.stringify(host)}], credentials: ${JSON.stringify({ username, password })}`;
  const programs = await compiledPrograms(new URL('..', import.meta.url), (code) =>
    code.replace("{ host: 'localhost' }]", there),
  );
  expect(programs).toHaveLength(2);
  // What it publishes is due only later.
  expect(await outputOf(programs[0])).toBe('');
}, 120_000);
