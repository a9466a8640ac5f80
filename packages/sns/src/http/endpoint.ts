import type { Agent } from 'node:https';
import type { SNSClient } from '@aws-sdk/client-sns';
import { ConfirmSubscriptionCommand } from '@aws-sdk/client-sns';
import {
  type Channel,
  createPushReceiver,
  type DeliveryBase,
  type PushOutcome,
  type PushReceiver,
  type PushReceiverOptions,
  type StopReport,
} from '@intermodal/core';
import {
  createHttpEndpoint,
  type EndpointAnswer,
  type EndpointRequest,
  type HttpEndpoint,
  systemClock,
  type WireMessage,
} from '@intermodal/core/driver';
import { createClients } from '../clients.ts';
import { invalid } from '../invalid.ts';
import type { SnsTransportOptions } from '../options.ts';
import { topicArnPattern } from '../topics.ts';
import { createCertificates } from './certificates.ts';
import { messageOf } from './endpoint-message.ts';
import { parseEnvelope, type SnsConfirmation, type SnsNotification } from './envelope.ts';
import { certificateFetcher, type FetchCertificate } from './fetch-certificate.ts';
import { createReplays } from './replays.ts';
import { verify } from './verify.ts';

/** What an endpoint believes, and how much of it at once. */
export interface SnsEndpointOptions
  extends
    Omit<PushReceiverOptions, 'cloudEventsPrefix'>,
    Pick<SnsTransportOptions, 'region' | 'endpoint' | 'credentials' | 'client'> {
  /** ARNs of the topics whose messages and subscriptions are taken; all others are refused. */
  readonly topics: readonly string[];
  /** `['2']` for topics with `signatureVersion: '2'`, RSA with SHA-256. @defaultValue both */
  readonly signatureVersions?: readonly ('1' | '2')[];
  /** Older messages are refused; SNS may retry for an hour. @defaultValue 3,900,000 */
  readonly maxAgeMs?: number;
  /** Ids of handled messages that are remembered against replays, in this process. @defaultValue 10,000 */
  readonly maxRemembered?: number;
  /** @defaultValue 1,048,576, which is a message of 262,144 bytes with all of it escaped, and more */
  readonly maxBodyBytes?: number;
  /** @defaultValue 5,000 */
  readonly bodyTimeoutMs?: number;
  /**
   * Stores what the handler rejected; then it is acked. Without it the answer is 400, and SNS moves the message to the
   * subscription's own dead letters, or drops it where there are none.
   */
  readonly deadLetter?: (message: WireMessage, reason: string) => Promise<void>;
  /** Of the requests for certificates, to a proxy for instance. @defaultValue Node's own */
  readonly agent?: Agent;
  /** Gets the PEM text of a certificate whose URL was checked, instead of a request by `agent`. */
  readonly fetchCertificate?: FetchCertificate;
}

/** What SNS delivers to an HTTP(S) subscription, as handlers of both kinds. */
export interface SnsEndpoint extends HttpEndpoint, AsyncDisposable {
  readonly running: number;
  /** Takes nothing more and resolves when every handler has returned, or at the deadline. */
  close(options?: { readonly deadlineMs?: number }): Promise<StopReport>;
}

// SNS gives up after 15 s; the answer must have arrived by then.
const answerWithinMs = 14_000;

/**
 * Takes messages that SNS pushes: subscriptions to the topics named are confirmed through the API, signatures checked,
 * and each message handed to `handler`. Return is 200, throw is 500 (SNS tries again), over capacity is 503.
 *
 * @throws `invalid-argument`
 */
export function snsEndpoint<I, O, N extends 'none' | 'key'>(
  channel: Channel<I, O, N>,
  options: SnsEndpointOptions,
  handler: (delivery: DeliveryBase<O>) => Promise<void> | void,
): SnsEndpoint {
  const { clock = systemClock, maxAgeMs = 3_900_000 } = options;
  const rules = {
    topics: topicsOf(options.topics),
    signatureVersions: options.signatureVersions ?? (['1', '2'] as const),
    maxAgeMs,
  };
  const receiver: PushReceiver = createPushReceiver(channel, options, handler);
  const certificates = createCertificates(
    options.fetchCertificate ?? certificateFetcher(options.agent),
  );
  const replays = createReplays(maxAgeMs, options.maxRemembered ?? 10_000);
  const clients = createClients(options);

  async function answer(request: EndpointRequest): Promise<EndpointAnswer> {
    const arrivedAt = clock.now();
    if (request.method !== 'POST') return { status: 405, headers: { allow: 'POST' } };
    // Nothing of a raw delivery is signed.
    if (request.headers.has('x-amz-sns-rawdelivery')) return refused;
    const envelope = parseEnvelope(request.body);
    if (envelope === undefined) return { status: 400 };
    if (request.headers.get('x-amz-sns-message-type') !== envelope.type) return { status: 400 };
    const verdict = await verify(envelope, rules, certificates, clock.now());
    if (verdict === 'forged') return refused;
    if (verdict === 'unsure') return { status: 503 };
    if (envelope.type === 'Notification')
      return handle(envelope, request.signal, answerWithinMs - (clock.now() - arrivedAt));
    return envelope.type === 'SubscriptionConfirmation' ? confirm(envelope) : { status: 200 };
  }

  async function handle(
    notification: SnsNotification,
    signal: AbortSignal,
    deadlineMs: number,
  ): Promise<EndpointAnswer> {
    const { id } = notification;
    const seen = replays.begin(id, clock.now());
    if (seen === 'done') return { status: 200 };
    if (seen === 'running') return { status: 503 };
    let status = 500;
    try {
      const { message, undecodable } = messageOf(notification, channel.name);
      const outcome = await receiver.receive({
        message,
        deadlineMs,
        signal,
        native: notification,
        ...(undecodable === undefined ? {} : { undecodable }),
      });
      status = await statusOf(outcome, message);
      return { status };
    } finally {
      replays.end(id, status === 200, clock.now());
    }
  }

  async function statusOf(outcome: PushOutcome, message: WireMessage): Promise<number> {
    if (outcome.action !== 'reject') return statuses[outcome.action];
    if (options.deadLetter === undefined) return 400;
    await options.deadLetter(message, outcome.reason);
    return 200;
  }

  /** Through the API alone: what `SubscribeURL` says is never requested. */
  async function confirm({ topicArn, token }: SnsConfirmation): Promise<EndpointAnswer> {
    const [, , region = ''] = topicArnPattern.exec(topicArn) ?? [];
    const client: SNSClient = await clients.in(region);
    const command = new ConfirmSubscriptionCommand({
      TopicArn: topicArn,
      Token: token,
      AuthenticateOnUnsubscribe: 'true',
    });
    await client.send(command, { abortSignal: AbortSignal.timeout(answerWithinMs) });
    return { status: 200 };
  }

  const http = createHttpEndpoint({
    maxBodyBytes: options.maxBodyBytes ?? 1_048_576,
    bodyTimeoutMs: options.bodyTimeoutMs ?? 5_000,
    // SNS does not try again after a 4xx.
    // SNS tries again after a 5xx alone.
    unread: (status) => ({ status: status === 408 ? 503 : status }),
    answer,
    clock,
  });

  async function close(closeOptions?: { readonly deadlineMs?: number }): Promise<StopReport> {
    const report = await receiver.close(closeOptions);
    clients.destroy();
    return report;
  }

  return {
    ...http,
    get running() {
      return receiver.running;
    },
    close,
    async [Symbol.asyncDispose]() {
      await close();
    },
  };
}

const statuses = { ack: 200, retry: 500, 'over-capacity': 503 } as const;
const refused: EndpointAnswer = { status: 403 };

/** @throws `invalid-argument` */
function topicsOf(topics: readonly string[]): ReadonlySet<string> {
  if (topics.length === 0) throw invalid('topics is empty: name the ARN of each topic to take');
  for (const topic of topics) {
    if (!topicArnPattern.test(topic)) throw invalid(`'${topic}' is no ARN of a topic`);
    if (topic.endsWith('.fifo')) throw invalid(`'${topic}' is FIFO, and delivers to queues alone`);
  }
  return new Set(topics);
}
