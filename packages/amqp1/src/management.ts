import { randomUUID } from 'node:crypto';
import type { IntermodalError } from '@intermodal/core/driver';
import rhea, { type EventContext } from 'rhea';
import type { Connection } from './connection.ts';
import { beginSession } from './link.ts';
import { mapError } from './map-error.ts';
import { ownCredit } from './rhea-seam.ts';

/** What RabbitMQ 4 answers: the status of HTTP, and a body for some. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** RabbitMQ 4's own requests over AMQP, by which it declares what AMQP 1.0 has no words for. */
export interface Management {
  ask(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: object): Promise<Answer>;
}

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: IntermodalError): void;
}

const linkName = 'management-link-pair';
const linkOptions = {
  name: linkName,
  source: { address: '/management' },
  target: { address: '/management' },
  snd_settle_mode: 1,
  properties: { paired: true },
} as const;
// Answers that may be under way; without credit for one RabbitMQ ends the session.
const answersAtOnce = 32;

/**
 * Runs `work` on a session of its own, which is ended then. `connection` has a place for it.
 *
 * @see https://www.rabbitmq.com/docs/management#http-api for what the paths are modelled on
 * @throws mapped errors
 */
export async function withManagement<T>(
  connection: Connection,
  name: string,
  signal: AbortSignal,
  work: (management: Management) => Promise<T>,
): Promise<T> {
  const session = beginSession(connection);
  const waiting = new Map<string, Waiting>();
  let fail: (error: IntermodalError) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  const end = (): void => {
    fail(mapError(session.error ?? new Error('the session was ended'), { name }));
  };
  const onAbort = (): void => {
    fail(mapError(signal.reason, { name }));
  };
  session.on('session_error', end);
  session.on('session_close', end);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  void connection.dead.then(() => {
    fail(connection.over ?? mapError(undefined, { name }));
  });

  async function openLinks(): Promise<Management> {
    // One after the other: rhea knows links by their names, and both have the same.
    const sender = session.open_sender({ ...linkOptions });
    await opened(sender, 'sender_open');
    const receiver = session.open_receiver({ ...linkOptions, credit_window: 0, autoaccept: false });
    await opened(receiver, 'receiver_open');
    const credit = ownCredit(receiver, 'drain');
    receiver.on('message', ({ message }: EventContext) => {
      credit.used();
      credit.add(1);
      const values = { ...message } as Readonly<Record<string, unknown>>;
      const id = String(values['correlation_id']);
      waiting.get(id)?.resolve({ status: Number(values['subject']), body: values['body'] });
      waiting.delete(id);
    });
    credit.add(answersAtOnce);
    // Credit is written in the next turn, and must be there before the first request.
    await new Promise(setImmediate);
    return {
      async ask(method, path, body) {
        const id = randomUUID();
        const answer = new Promise<Answer>((resolve, reject) => {
          waiting.set(id, { resolve, reject });
        });
        sender.send({
          message_id: id,
          to: path,
          subject: method,
          reply_to: '$me',
          body: body === undefined ? null : rhea.types.wrap_map(body),
        });
        return answer;
      },
    };
  }

  try {
    const done = openLinks().then(work);
    done.catch(() => undefined);
    return await Promise.race([done, failed]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    session.close();
  }
}

async function opened(
  link: { once(event: string, listener: () => void): unknown },
  event: string,
): Promise<void> {
  await new Promise<void>((resolve) => {
    link.once(event, resolve);
  });
}
