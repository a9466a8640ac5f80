import type { TransportLocation } from '@intermodal/core';
import { IntermodalError, type Transport } from '@intermodal/core/driver';
import type { Amqp1Capabilities } from './capabilities.ts';
import { amqp1Transport } from './transport.ts';

/**
 * For `openTransport`: `amqp1://user:password@active,standby/vhost?broker=activemq`, with TLS as `amqp1+tls:`. Parameters:
 * `broker`, which is needed, `queueType`, `singleActiveConsumer`, `deliveryLimit`, `idleTimeoutMs`, `connectionName`.
 *
 * @throws `invalid-argument`
 */
export function amqp1FromUrl(location: TransportLocation): Transport<Amqp1Capabilities> {
  const { hosts, credentials, path } = location;
  const broker = location.oneOf('broker', ['rabbitmq', 'rabbitmq3', 'activemq']);
  const deliveryLimit = location.number('deliveryLimit');
  const idleTimeoutMs = location.number('idleTimeoutMs');
  const connectionName = location.text('connectionName');
  if (broker === undefined) {
    const text = 'the amqp1 URL must say ?broker=rabbitmq, rabbitmq3 or activemq';
    throw new IntermodalError('invalid-argument', text, { transport: 'amqp1' });
  }
  return amqp1Transport({
    broker,
    vhost: path === '' ? undefined : path,
    tls: location.tls,
    queueType: location.oneOf('queueType', ['quorum', 'classic']),
    singleActiveConsumer: location.flag('singleActiveConsumer'),
    credentials:
      credentials === undefined
        ? undefined
        : { username: credentials.username, password: credentials.password ?? '' },
    ...(hosts.length === 0 ? {} : { hosts }),
    ...(deliveryLimit === undefined ? {} : { deliveryLimit }),
    ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs }),
    ...(connectionName === undefined ? {} : { connectionName }),
  });
}
