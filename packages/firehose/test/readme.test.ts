import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { channel } from '@intermodal/core';
import { compiledPrograms, outputOf } from '@intermodal/driver-tests/readme-programs';
import { expect, test } from 'vitest';
import type { Transformation } from '../src/transformation.ts';
import { endpoint, setting } from './opened.ts';

const run = promisify(execFile);

test('the programs of the README compile, the first one runs, and the transformation transforms', async () => {
  const programs = await compiledPrograms(new URL('..', import.meta.url));
  expect(programs).toHaveLength(4);

  const { client, stored } = await setting({ region: 'eu-west-1' });
  await client.provision([channel('orders')]);
  await outputOf(programs[0], {
    AWS_ENDPOINT_URL_FIREHOSE: endpoint,
    AWS_ACCESS_KEY_ID: 'emulator',
    AWS_SECRET_ACCESS_KEY: 'emulator',
  });
  const [order] = await stored('orders');
  expect(order).toMatchObject({ headers: { tenant: 'acme' } });
  expect(order?.body.toString()).toBe('{"id":"o-1","total":12}');

  const { handler } = (await import(programs[2] ?? '')) as { readonly handler: Transformation };
  const data = Buffer.from('{"id":"o-1","total":12,"tenant":"acme"}').toString('base64');
  const { records } = await handler({
    invocationId: 'i-1',
    deliveryStreamArn: 'arn:aws:firehose:eu-west-1:123456789012:deliverystream/orders',
    region: 'eu-west-1',
    records: [{ recordId: 'r-1', approximateArrivalTimestamp: 1, data }],
  });
  expect(records).toMatchObject([
    { recordId: 'r-1', result: 'Ok', metadata: { partitionKeys: { tenant: 'acme' } } },
  ]);
}, 120_000);

test('neither the endpoint nor the transformation loads the SDK', async () => {
  const program = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ resolve: (name, context, next) => (loaded.push(name), next(name, context)) });
    await import('@intermodal/firehose/endpoint');
    await import('@intermodal/firehose/transformation');
    process.stdout.write(JSON.stringify(loaded));
  `;
  const args = ['--conditions=intermodal:source', '--input-type=module', '--eval', program];
  const { stdout } = await run(process.execPath, args, {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
  });
  const loaded = JSON.parse(stdout) as readonly string[];
  expect(loaded).toContain('@intermodal/core');
  expect(loaded.filter((name) => name.startsWith('@aws-sdk'))).toEqual([]);
}, 60_000);
