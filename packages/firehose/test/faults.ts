import type { AwsProxy, Fault, TcpProxy } from '@intermodal/brokers/faults';
import type { Faults } from '@intermodal/conformance';

/** What two proxies before an emulator can do to its clients. */
export function faultsOf(aws: AwsProxy, tcp: TcpProxy): Faults {
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
    failEntries: refusals(aws, 'ServiceUnavailableException'),
    refuseEntries: refusals(aws, 'InvalidKMSResourceException'),
    loseReplies: losses(aws),
    throttle() {
      let refused = 0;
      const heal = aws.inject(({ operation }) => {
        if (operation !== 'PutRecordBatch') return undefined;
        refused += 1;
        return { kind: 'error', error: { name: 'ServiceUnavailableException', status: 503 } };
      });
      return () => {
        heal();
        return refused;
      };
    },
    deny() {
      const error = { name: 'AccessDeniedException', status: 400 };
      aws.inject(() => ({ kind: 'error', error }));
    },
  };
}

/** Refuses the next records, as many as it is told; the rest of their requests goes on. */
function refusals(aws: AwsProxy, code: string): (count: number) => void {
  let left = 0;
  aws.inject(({ operation }): Fault | undefined => {
    if (left <= 0 || operation !== 'PutRecordBatch') return undefined;
    return {
      kind: 'refuse-entries',
      refuse() {
        left -= 1;
        return left >= 0 ? { code } : undefined;
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
    if (left <= 0 || operation !== 'PutRecordBatch') return undefined;
    left -= (input['Records'] as readonly unknown[]).length;
    return { kind: 'lose-reply' };
  });
  return (count) => {
    left = count;
  };
}
