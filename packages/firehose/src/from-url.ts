import { connectionOf } from '@intermodal/aws';
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
  const envelope = envelopeOf(location);
  return firehoseTransport({
    ...(envelope === undefined ? {} : { envelope }),
    ...connectionOf(location),
  });
}

function envelopeOf(location: TransportLocation): 'cloudevents' | 'none' | undefined {
  const named = location.text('envelope');
  if (named === undefined || named === 'cloudevents' || named === 'none') return named;
  throw invalid(`its URL has envelope=${named}: it is cloudevents or none`);
}
