import { ChangeMessageVisibilityBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { awsClientOptions } from '@intermodal/brokers';
import type { AwsObject, AwsProxy, Fault, TcpProxy } from '@intermodal/brokers/faults';
import type { Faults } from '@intermodal/conformance';

const sending = ['SendMessageBatch'];
const settling = ['DeleteMessageBatch', 'ChangeMessageVisibilityBatch'];

/** What two proxies before an emulator can do to its clients. */
export function faultsOf(aws: AwsProxy, tcp: TcpProxy, endpoint: string): Faults {
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
    failEntries: refusals(aws, sending, { code: 'InternalError' }),
    refuseEntries: refusals(aws, sending, { code: 'KMS.DisabledException', senderFault: true }),
    failSettlements: refusals(aws, settling, { code: 'InternalError' }),
    loseReplies: losses(aws),
    throttle() {
      let refused = 0;
      const heal = aws.inject(({ operation }) => {
        if (operation !== 'SendMessageBatch') return undefined;
        refused += 1;
        return { kind: 'error', error: { name: 'RequestThrottled' } };
      });
      return () => {
        heal();
        return refused;
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

function losses(aws: AwsProxy): (count: number) => void {
  let left = 0;
  aws.inject(({ operation, input }) => {
    if (left <= 0 || !sending.includes(operation)) return undefined;
    left -= listIn(input, 'Entries').length;
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

function listIn(object: AwsObject, name: string): readonly AwsObject[] {
  const list = object[name];
  return Array.isArray(list) ? (list as readonly AwsObject[]) : [];
}
