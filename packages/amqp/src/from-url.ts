import type { TransportLocation } from '@intermodal/core';
import type { Transport } from '@intermodal/core/driver';
import type { AmqpCapabilities } from './capabilities.ts';
import { amqpTransport } from './transport.ts';

/**
 * For `openTransport`: `amqp://user:password@first,second/vhost?queueType=classic`, with TLS as `amqps:`. Parameters:
 * `queueType`, `singleActiveConsumer`, `maxPriority`, `topology`, `deliveryLimit`, `heartbeatSeconds`,
 * `connectionName`.
 *
 * @throws `invalid-argument`
 */
export function amqpFromUrl(location: TransportLocation): Transport<AmqpCapabilities> {
  const { hosts, credentials } = location;
  const topology = location.oneOf('topology', ['declare', 'verify', 'assume']);
  const deliveryLimit = location.number('deliveryLimit');
  const heartbeatSeconds = location.number('heartbeatSeconds');
  const connectionName = location.text('connectionName');
  return amqpTransport({
    vhost: location.path,
    tls: location.tls,
    queueType: location.oneOf('queueType', ['quorum', 'classic']),
    singleActiveConsumer: location.flag('singleActiveConsumer'),
    maxPriority: location.number('maxPriority'),
    credentials:
      credentials === undefined
        ? undefined
        : { username: credentials.username, password: credentials.password ?? '' },
    ...(hosts.length === 0 ? {} : { hosts }),
    ...(topology === undefined ? {} : { topology }),
    ...(deliveryLimit === undefined ? {} : { deliveryLimit }),
    ...(heartbeatSeconds === undefined ? {} : { heartbeatSeconds }),
    ...(connectionName === undefined ? {} : { connectionName }),
  });
}
