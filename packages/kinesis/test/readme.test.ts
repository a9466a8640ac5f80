import { awsClientOptions } from '@intermodal/brokers';
import { compiledPrograms, outputOf } from '@intermodal/driver-tests/readme-programs';
import { expect, test } from 'vitest';

test('the programs of the README compile, and the first one runs', async () => {
  const programs = await compiledPrograms(new URL('..', import.meta.url));
  expect(programs).toHaveLength(2);
  const output = await outputOf(programs[0], {
    AWS_ENDPOINT_URL_KINESIS: awsClientOptions('kinesis-local').endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: awsClientOptions('dynalite').endpoint,
    AWS_ACCESS_KEY_ID: 'emulator',
    AWS_SECRET_ACCESS_KEY: 'emulator',
  });
  expect(output).toMatch(/^(?:charged 12\n)?$/);
}, 120_000);
