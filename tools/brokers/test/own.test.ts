import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SQSClient,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { awsClientOptions, startBroker, startOwnBroker, type OwnBroker } from '../src/index.ts';
import { isAlive } from '../src/process-identity.ts';
import { readRecords, type LocalRun } from '../src/run-record.ts';
import { ownRunFolder } from './run-folder.ts';

const runs = ownRunFolder();

function client({ environment }: OwnBroker): SQSClient {
  return new SQSClient({ ...awsClientOptions('fauxqs', environment), maxAttempts: 1 });
}

async function onlyRecord(): Promise<LocalRun> {
  const [stored] = await readRecords();
  return stored!.record as LocalRun;
}

test('a broker of one’s own keeps its messages and its address through a kill', async () => {
  await using broker = await startOwnBroker('fauxqs');
  const sqs = client(broker);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'q' }));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'kept' }));
  await broker.kill();
  await expect(sqs.send(new ReceiveMessageCommand({ QueueUrl }))).rejects.toMatchObject({
    code: expect.stringMatching(/ECONNREFUSED|ECONNRESET/) as string,
  });
  await broker.restart();
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  expect(Messages).toMatchObject([{ Body: 'kept' }]);
  sqs.destroy();
});

test('a frozen broker answers nothing until it thaws', async () => {
  await using broker = await startOwnBroker('fauxqs');
  const sqs = client(broker);
  await broker.freeze();
  const command = new CreateQueueCommand({ QueueName: 'q' });
  const late = sqs.send(command, { abortSignal: AbortSignal.timeout(300) });
  await expect(late).rejects.toThrow('abort');
  await broker.thaw();
  expect((await sqs.send(command)).QueueUrl).toContain('/q');
  sqs.destroy();
});

test('its end leaves no process, no data and no record, but the log', async () => {
  const broker = await startOwnBroker('fauxqs');
  const record = await onlyRecord();
  await access(record.data);
  await broker.stop();
  expect(await Promise.all(record.processes.map(isAlive))).toEqual([false]);
  await expect(access(record.data)).rejects.toThrow('ENOENT');
  expect(await readRecords()).toEqual([]);
  expect(await broker.logs()).toContain('http://127.0.0.1:');
  expect(await readdir(join(runs.path, 'logs'))).toHaveLength(1);
});

test('two of one’s own are two', async () => {
  await using first = await startOwnBroker('fauxqs');
  await using second = await startOwnBroker('fauxqs');
  expect(first.environment).not.toEqual(second.environment);
});

test('it listens on loopback alone', async () => {
  await using broker = await startOwnBroker('fauxqs');
  const { ports } = await onlyRecord();
  expect(broker.environment).toEqual({
    INTERMODAL_FAUXQS_ENDPOINT: `http://127.0.0.1:${ports['http']}`,
  });
  if (process.platform !== 'linux') return;
  const hexPort = ports['http']!.toString(16).toUpperCase().padStart(4, '0');
  const sockets =
    (await readFile('/proc/net/tcp', 'utf8')) + (await readFile('/proc/net/tcp6', 'utf8'));
  const listening = sockets
    .split('\n')
    .filter((line) => line.includes(`:${hexPort} 0`) && / 0A /.test(line));
  expect(listening.map((line) => line.trim().split(/\s+/)[1])).toEqual([`0100007F:${hexPort}`]);
});

/** Another process that starts a broker of its own and prints its record when it is up. */
async function otherProcess(): Promise<ReturnType<typeof spawn>> {
  const start = fileURLToPath(new URL('../src/start.ts', import.meta.url));
  const source = `
    const { startOwnBroker } = await import(${JSON.stringify(start)});
    await startOwnBroker('fauxqs');
    console.log('up');
    process.stdin.resume();
    process.stdin.on('end', () => process.exit(0));`;
  const args = ['--input-type=module', '-e', source];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

test('it ends with the process that started it', async () => {
  const other = await otherProcess();
  const record = await onlyRecord();
  const exit = once(other, 'exit');
  other.stdin!.end();
  await exit;
  await expect.poll(() => isAlive(record.processes[0]!)).toBe(false);
});

test('the next start ends what a killed process left', async () => {
  const other = await otherProcess();
  const { processes, data } = await onlyRecord();
  const exit = once(other, 'exit');
  other.kill('SIGKILL');
  await exit;
  expect(await isAlive(processes[0]!)).toBe(true);
  await using broker = await startBroker('fauxqs');
  expect(broker.from).toBe('local');
  expect(await isAlive(processes[0]!)).toBe(false);
  await expect(access(data)).rejects.toThrow('ENOENT');
});
