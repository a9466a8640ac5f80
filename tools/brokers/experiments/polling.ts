import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { topic, type Experiment } from './experiment.ts';

const took = (began: number, limitMs: number): string =>
  Date.now() - began < limitMs ? `within ${limitMs / 1000} s` : `after ${limitMs / 1000} s`;

export const polling: readonly Experiment[] = topic('Polling', [
  [
    'a long poll wakes when a message comes',
    'x within 2 s',
    async ({ queue, wait }) => {
      const { send, bodies } = await queue();
      const began = Date.now();
      const poll = bodies({ WaitTimeSeconds: 5 });
      await wait(200);
      await send('x');
      return `${await poll} ${took(began, 2000)}`;
    },
  ],
  [
    'a long poll ends empty when its time is over',
    'nothing after 1 s',
    async ({ queue }) => {
      const { bodies } = await queue();
      const began = Date.now();
      return `${await bodies({ WaitTimeSeconds: 1 })} ${took(began, 1000)}`;
    },
  ],
  [
    'the queue’s own wait holds where a receive states none',
    'nothing after 1 s',
    async ({ queue, sqs }) => {
      const { url } = await queue({ ReceiveMessageWaitTimeSeconds: '1' });
      const began = Date.now();
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url }));
      return `${Messages ? 'something' : 'nothing'} ${took(began, 1000)}`;
    },
  ],
  [
    'a long poll wakes when a visibility expires',
    'x within 3 s',
    async ({ queue }) => {
      const { send, receive, bodies } = await queue();
      await send('x');
      await receive({ VisibilityTimeout: 1 });
      const began = Date.now();
      return `${await bodies({ WaitTimeSeconds: 5 })} ${took(began, 3000)}`;
    },
  ],
  [
    'a long poll wakes when a delay is over',
    'x within 3 s',
    async ({ queue }) => {
      const { send, bodies } = await queue();
      await send('x', { DelaySeconds: 1 });
      const began = Date.now();
      return `${await bodies({ WaitTimeSeconds: 5 })} ${took(began, 3000)}`;
    },
  ],
  [
    'two long polls, two messages: each gets one',
    '1 1',
    async ({ queue, wait }) => {
      const { sendBatch, receive } = await queue();
      const one = { WaitTimeSeconds: 5, MaxNumberOfMessages: 1 };
      const polls = [receive(one), receive(one)];
      await wait(200);
      await sendBatch([{}, {}]);
      return (await Promise.all(polls)).map(({ length }) => length).join(' ');
    },
  ],
  [
    'a message sent after a poll was aborted (AWS promises nothing)',
    undefined,
    async ({ queue, sqs, wait }) => {
      const { url, send, bodies } = await queue();
      const abort = new AbortController();
      const command = new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 4 });
      const poll = sqs.send(command, { abortSignal: abort.signal }).catch(() => undefined);
      await wait(300);
      abort.abort();
      await poll;
      await wait(300);
      await send('x');
      await wait(300);
      return (await bodies({ WaitTimeSeconds: 1 })) === 'x'
        ? 'received'
        : 'swallowed by the dead poll';
    },
  ],
]);
