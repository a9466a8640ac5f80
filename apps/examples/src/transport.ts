import { openTransport, type Transport, type TransportFactory } from '@intermodal/core';
import { sqsTransport } from '@intermodal/sqs';

/**
 * What the examples run on: several processes meet there, so it cannot be a transport within one. A further transport
 * is a line here.
 */
const factories: Readonly<Record<string, TransportFactory>> = {
  sqs({ hosts: [host], tls, credentials, text }) {
    const region = text('region');
    const address = host && `${host.host}${host.port === undefined ? '' : `:${host.port}`}`;
    return sqsTransport({
      ...(region === undefined ? {} : { region }),
      ...(address === undefined ? {} : { endpoint: `${tls ? 'https' : 'http'}://${address}` }),
      ...(credentials && {
        credentials: {
          accessKeyId: credentials.username,
          secretAccessKey: credentials.password ?? '',
        },
      }),
    });
  },
};

/** @throws `invalid-argument` */
export function transportOf(url: string): Promise<Transport> {
  return openTransport(url, factories);
}
