import { connectionOf } from '@intermodal/aws';
import type { TransportLocation } from '@intermodal/core';
import type { Transport } from '@intermodal/core/driver';
import type { KinesisCapabilities } from './capabilities.ts';
import { kinesisTransport } from './transport.ts';

/**
 * For `openTransport`: `kinesis:?region=eu-west-1`, and for an emulator
 * `kinesis://key:secret@127.0.0.1:4568/?leaseEndpoint=http://127.0.0.1:4570`, where the host is the endpoint, by HTTPS
 * with `tls`. Parameters: `region`, `endpoint`, `leaseEndpoint`, `aggregation`, `shards`, `pollMs`, `failoverMs`.
 *
 * @throws `invalid-argument`
 */
export function kinesisFromUrl(location: TransportLocation): Transport<KinesisCapabilities> {
  const leaseEndpoint = location.text('leaseEndpoint');
  const pollMs = location.number('pollMs');
  const failoverMs = location.number('failoverMs');
  const shards = location.number('shards');
  return kinesisTransport({
    ...(location.flag('aggregation') === true ? { aggregation: 'kpl' } : {}),
    ...connectionOf(location),
    ...(leaseEndpoint === undefined ? {} : { leaseEndpoint }),
    ...(pollMs === undefined ? {} : { pollMs }),
    ...(failoverMs === undefined ? {} : { leasing: { failoverMs } }),
    ...(shards === undefined ? {} : { provisioning: { capacity: { shards } } }),
  });
}
