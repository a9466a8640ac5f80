import type { TransportLocation } from '@intermodal/core';
import { IntermodalError } from '@intermodal/core/driver';

/** Where requests go and who signs them; what is left out the AWS SDK finds. */
export interface Connection {
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** What the URLs of AWS transports say alike: `region`, `endpoint`, host, and keys before it. @throws `invalid-argument` */
export function connectionOf(location: TransportLocation): Connection {
  const endpoint = endpointOf(location);
  const region = location.text('region') ?? emulatedRegion(endpoint);
  const { credentials } = location;
  return {
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
  };
}

function endpointOf(location: TransportLocation): string | undefined {
  const [first, second] = location.hosts;
  const endpoint = location.text('endpoint');
  if (first === undefined) return endpoint;
  if (second !== undefined || endpoint !== undefined) {
    const text =
      'the URL of the transport names more than one endpoint: give one host, or the parameter endpoint';
    throw new IntermodalError('invalid-argument', text);
  }
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
