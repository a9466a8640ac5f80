import type { TransportLocation } from '@intermodal/core';
import type { Transport } from '@intermodal/core/driver';
import type { KinesisCapabilities } from './capabilities.ts';
import { invalid } from './options.ts';
import { kinesisTransport } from './transport.ts';

/**
 * For `openTransport`: `kinesis:?region=eu-west-1`, and for an emulator
 * `kinesis://key:secret@127.0.0.1:4568/?leaseEndpoint=http://127.0.0.1:4570`, where the host is the endpoint, by HTTPS
 * with `tls`. Parameters: `region`, `endpoint`, `leaseEndpoint`, `aggregation`, `shards`, `pollMs`, `failoverMs`.
 *
 * @throws `invalid-argument`
 */
export function kinesisFromUrl(location: TransportLocation): Transport<KinesisCapabilities> {
  const endpoint = endpointOf(location);
  const region = location.text('region') ?? emulatedRegion(endpoint);
  const leaseEndpoint = location.text('leaseEndpoint');
  const { credentials } = location;
  const pollMs = location.number('pollMs');
  const failoverMs = location.number('failoverMs');
  const shards = location.number('shards');
  return kinesisTransport({
    ...(location.flag('aggregation') === true ? { aggregation: 'kpl' } : {}),
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(leaseEndpoint === undefined ? {} : { leaseEndpoint }),
    ...(credentials === undefined ? {} : { credentials: keysOf(credentials) }),
    ...(pollMs === undefined ? {} : { pollMs }),
    ...(failoverMs === undefined ? {} : { leasing: { failoverMs } }),
    ...(shards === undefined ? {} : { provisioning: { capacity: { shards } } }),
  });
}

function endpointOf(location: TransportLocation): string | undefined {
  const [first, second] = location.hosts;
  const endpoint = location.text('endpoint');
  if (first === undefined) return endpoint;
  if (second !== undefined || endpoint !== undefined)
    throw invalid('its URL names more than one endpoint: give one host, or the parameter endpoint');
  const name = first.host.includes(':') ? `[${first.host}]` : first.host;
  const port = first.port === undefined ? '' : `:${first.port}`;
  return `${location.tls ? 'https' : 'http'}://${name}${port}`;
}

/** Emulators take any; the SDK insists on one. */
function emulatedRegion(endpoint: string | undefined): string | undefined {
  return endpoint === undefined || process.env['AWS_REGION'] !== undefined
    ? undefined
    : 'us-east-1';
}

function keysOf({ username, password }: NonNullable<TransportLocation['credentials']>): {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
} {
  return { accessKeyId: username, secretAccessKey: password ?? '' };
}
