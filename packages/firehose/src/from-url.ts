import type { TransportLocation } from '@intermodal/core';
import type { Transport } from '@intermodal/core/driver';
import type { FirehoseCapabilities } from './capabilities.ts';
import { invalid } from './options.ts';
import { firehoseTransport } from './transport.ts';

/**
 * For `openTransport`: `firehose:?region=eu-west-1`, and for an emulator `firehose://key:secret@127.0.0.1:4566/`, where the
 * host is the endpoint, by HTTPS with `tls`. Parameters: `region`, `endpoint`, `envelope`.
 *
 * @throws `invalid-argument`
 */
export function firehoseFromUrl(location: TransportLocation): Transport<FirehoseCapabilities> {
  const endpoint = endpointOf(location);
  const region = location.text('region') ?? emulatedRegion(endpoint);
  const envelope = envelopeOf(location);
  const { credentials } = location;
  return firehoseTransport({
    ...(envelope === undefined ? {} : { envelope }),
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials: keysOf(credentials) }),
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

function envelopeOf(location: TransportLocation): 'cloudevents' | 'none' | undefined {
  const named = location.text('envelope');
  if (named === undefined || named === 'cloudevents' || named === 'none') return named;
  throw invalid(`its URL has envelope=${named}: it is cloudevents or none`);
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
