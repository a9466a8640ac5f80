import type { TransportLocation } from '@intermodal/core';
import type { SqsCapabilities } from './capabilities.ts';
import type { Transport } from '@intermodal/core/driver';
import { sqsTransport } from './transport.ts';

/**
 * For `openTransport`: `sqs:?region=eu-west-1&fifo`, and for an emulator `sqs://key:secret@127.0.0.1:4566/?fifo`, where the
 * host is the endpoint, by HTTPS with `tls`. Parameters: `region`, `endpoint`, `fifo`, `fairQueues`, `waitSeconds`, `leaseMs`.
 *
 * @throws `invalid-argument`
 */
export function sqsFromUrl(location: TransportLocation): Transport<SqsCapabilities<boolean>> {
  const [host] = location.hosts;
  const endpoint = location.text('endpoint') ?? (host && endpointOf(host, location.tls));
  const { credentials } = location;
  const region = location.text('region') ?? (endpoint === undefined ? undefined : 'us-east-1');
  const waitSeconds = location.number('waitSeconds');
  const leaseMs = location.number('leaseMs');
  return sqsTransport({
    fifo: location.flag('fifo') ?? false,
    fairQueues: location.flag('fairQueues') ?? false,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined
      ? {}
      : {
          credentials: {
            accessKeyId: credentials.username,
            secretAccessKey: credentials.password ?? '',
          },
        }),
    ...(waitSeconds === undefined ? {} : { waitSeconds }),
    ...(leaseMs === undefined ? {} : { leaseMs }),
  });
}

function endpointOf({ host, port }: TransportLocation['hosts'][number], tls: boolean): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `${tls ? 'https' : 'http'}://${name}${port === undefined ? '' : `:${port}`}`;
}
