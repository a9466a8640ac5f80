import { compiledPrograms, outputOf } from '@intermodal/driver-tests/readme-programs';
import { expect, test } from 'vitest';
import { sharedRabbit } from './broker.ts';

test('the programs of the README compile, and the first one runs', async () => {
  const { host } = await sharedRabbit();
  const programs = await compiledPrograms(new URL('..', import.meta.url), (code) =>
    code.replace("{ host: 'localhost' }", JSON.stringify(host)),
  );
  expect(programs).toHaveLength(2);
  expect(await outputOf(programs[0])).toBe('');
}, 120_000);
