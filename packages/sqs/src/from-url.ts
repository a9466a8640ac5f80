import type { TransportLocation } from '@intermodal/core';
import type { Transport } from '@intermodal/core/driver';
import type { SqsCapabilities } from './capabilities.ts';
import { connectionOf } from './location.ts';
import { sqsTransport } from './transport.ts';

/**
 * For `openTransport`: `sqs:?region=eu-west-1&fifo`, and for an emulator `sqs://key:secret@127.0.0.1:4566/?fifo`, where
 * the host is the endpoint, by HTTPS with `tls`. Parameters: `region`, `endpoint`, `fifo`, `fairQueues`, `waitSeconds`,
 * `leaseMs`.
 *
 * @throws `invalid-argument`
 */
export function sqsFromUrl(location: TransportLocation): Transport<SqsCapabilities<boolean>> {
  const waitSeconds = location.number('waitSeconds');
  const leaseMs = location.number('leaseMs');
  return sqsTransport({
    ...connectionOf(location),
    fifo: location.flag('fifo') ?? false,
    fairQueues: location.flag('fairQueues') ?? false,
    ...(waitSeconds === undefined ? {} : { waitSeconds }),
    ...(leaseMs === undefined ? {} : { leaseMs }),
  });
}
