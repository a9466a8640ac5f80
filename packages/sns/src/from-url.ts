import type { TransportLocation } from '@intermodal/core';
import type { Transport } from '@intermodal/core/driver';
import { connectionOf } from '@intermodal/sqs/driver';
import type { SnsCapabilities } from './capabilities.ts';
import { snsTransport } from './transport.ts';

/**
 * For `openTransport`: `sns:?region=eu-west-1&fifo`, and for an emulator `sns://key:secret@127.0.0.1:4566/?fifo`, where
 * the host is the endpoint of topics and queues, by HTTPS with `tls`. Parameters: `region`, `endpoint`, `fifo`,
 * `fairQueues`, `accountId`, and of the queues `waitSeconds` and `leaseMs`.
 *
 * @throws `invalid-argument`
 */
export function snsFromUrl(location: TransportLocation): Transport<SnsCapabilities<boolean>> {
  const accountId = location.text('accountId');
  const waitSeconds = location.number('waitSeconds');
  const leaseMs = location.number('leaseMs');
  return snsTransport({
    ...connectionOf(location),
    fifo: location.flag('fifo') ?? false,
    fairQueues: location.flag('fairQueues') ?? false,
    ...(accountId === undefined ? {} : { accountId }),
    queues: {
      ...(waitSeconds === undefined ? {} : { waitSeconds }),
      ...(leaseMs === undefined ? {} : { leaseMs }),
    },
  });
}
