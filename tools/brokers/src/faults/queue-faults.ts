import { ChangeMessageVisibilityBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { awsClientOptions } from '../aws-client-options.ts';
import type { AwsProxy } from './aws-proxy.ts';
import type { Fault } from './aws-rules.ts';
import type { AwsObject } from './aws-wire.ts';
import type { TcpProxy } from './tcp-proxy.ts';

const settling = ['DeleteMessageBatch', 'ChangeMessageVisibilityBatch'];

/** How a service takes messages, and how it says no. */
export interface Sending {
  /** The batch operations by which messages are sent. */
  readonly operations: readonly string[];
  /** What a throttled call is told, by its name in the service's own protocol. */
  readonly throttled: string;
  /** The code of an entry that is refused for good. */
  readonly refused: string;
}

/** In the shape of the conformance suite's faults. */
export interface QueueFaults {
  cut(): void;
  blackhole(): void;
  freeze(): () => void;
  failEntries(count: number): void;
  refuseEntries(count: number): void;
  failSettlements(count: number): void;
  loseReplies(count: number): void;
  throttle(): () => number;
  deny(): void;
  expireLeases(): Promise<void>;
}

/** What SQS says. */
export const sqsSending: Sending = {
  operations: ['SendMessageBatch'],
  throttled: 'RequestThrottled',
  refused: 'KMS.DisabledException',
};

/** What two proxies before an emulator of SQS, and of what fills its queues, can do to its clients. */
export function queueFaults(
  aws: AwsProxy,
  tcp: TcpProxy,
  endpoint: string,
  { operations, throttled, refused }: Sending = sqsSending,
): QueueFaults {
  return {
    cut() {
      tcp.cut();
    },
    blackhole() {
      for (const connection of tcp.connections) connection.blackHole();
    },
    freeze() {
      let thaw = (): void => undefined;
      const thawed = new Promise<void>((resolve) => {
        thaw = resolve;
      });
      const heal = aws.inject(() => ({ kind: 'hold-request', until: () => thawed }));
      return () => {
        heal();
        thaw();
      };
    },
    failEntries: refusals(aws, operations, { code: 'InternalError' }),
    refuseEntries: refusals(aws, operations, { code: refused, senderFault: true }),
    failSettlements: refusals(aws, settling, { code: 'InternalError' }),
    loseReplies: losses(aws, operations),
    throttle() {
      let count = 0;
      const heal = aws.inject(({ operation }) => {
        if (!operations.includes(operation)) return undefined;
        count += 1;
        return { kind: 'error', error: { name: throttled } };
      });
      return () => {
        heal();
        return count;
      };
    },
    deny() {
      const error = { name: 'AccessDeniedException', status: 403 };
      aws.inject(() => ({ kind: 'error', error }));
    },
    expireLeases: expiries(aws, endpoint),
  };
}

/** Refuses the next entries of these operations, as many as it is told; the rest of their batches goes on. */
function refusals(
  aws: AwsProxy,
  operations: readonly string[],
  error: { readonly code: string; readonly senderFault?: boolean },
): (count: number) => void {
  let left = 0;
  aws.inject(({ operation }): Fault | undefined => {
    if (left <= 0 || !operations.includes(operation)) return undefined;
    return {
      kind: 'refuse-entries',
      refuse() {
        left -= 1;
        return left >= 0 ? error : undefined;
      },
    };
  });
  return (count) => {
    left = count;
  };
}

function losses(aws: AwsProxy, sending: readonly string[]): (count: number) => void {
  let left = 0;
  aws.inject(({ operation, input }) => {
    if (left <= 0 || !sending.includes(operation)) return undefined;
    left -= entriesIn(input);
    return { kind: 'lose-reply' };
  });
  return (count) => {
    left = count;
  };
}

/** Makes every message that was received visible again, and its receipt handle one that SQS does not know any more. */
function expiries(aws: AwsProxy, endpoint: string): () => Promise<void> {
  const held = new Map<string, string>();
  const expired = new Set<unknown>();
  aws.inject(({ operation, input }): Fault | undefined => {
    if (operation === 'ReceiveMessage') {
      return {
        kind: 'edit',
        edit(output) {
          for (const { ReceiptHandle } of listIn(output, 'Messages'))
            held.set(String(ReceiptHandle), String(input['QueueUrl']));
          return output;
        },
      };
    }
    if (expired.size === 0 || !settling.includes(operation)) return undefined;
    const code =
      operation === 'DeleteMessageBatch' ? 'ReceiptHandleIsInvalid' : 'MessageNotInflight';
    const error = { code, senderFault: true };
    return {
      kind: 'refuse-entries',
      refuse: ({ ReceiptHandle }) => (expired.has(ReceiptHandle) ? error : undefined),
    };
  });
  return async () => {
    const client = new SQSClient({
      ...awsClientOptions('fauxqs', {}, endpoint),
      useQueueUrlAsEndpoint: false,
    });
    // What a consumer receives again meanwhile keeps its lease.
    const leased = [...held];
    held.clear();
    for (const [ReceiptHandle, QueueUrl] of leased) {
      expired.add(ReceiptHandle);
      const Entries = [{ Id: '0', ReceiptHandle, VisibilityTimeout: 0 }];
      await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
    }
    client.destroy();
  };
}

/** Of SQS, of SNS. */
function entriesIn(input: AwsObject): number {
  return listIn(input, 'Entries').length + listIn(input, 'PublishBatchRequestEntries').length;
}

function listIn(object: AwsObject, name: string): readonly AwsObject[] {
  const list = object[name];
  return Array.isArray(list) ? (list as readonly AwsObject[]) : [];
}
