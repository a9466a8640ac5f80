import type { TransportLocation } from '@intermodal/core';
import { IntermodalError, type Transport } from '@intermodal/core/driver';
import type { StompCapabilities } from './capabilities.ts';
import { stompTransport } from './transport.ts';

/**
 * For `openTransport`: `stomp://user:password@active,standby?broker=activemq`, with TLS as `stomp+ssl:`, in a WebSocket as
 * `stomp+ws:` or `stomp+wss:`. What follows the first slash is RabbitMQ's vhost, or the path of the WebSocket. Parameters:
 * `broker`, which is needed, `vhost`, `scheduler`, `prioritizedMessages`, `queueType`, `singleActiveConsumer`,
 * `idleTimeoutMs`.
 *
 * @throws `invalid-argument`
 */
export function stompFromUrl(location: TransportLocation): Transport<StompCapabilities> {
  const { hosts, credentials, path, webSocket } = location;
  const broker = location.oneOf('broker', ['activemq', 'rabbitmq']);
  const idleTimeoutMs = location.number('idleTimeoutMs');
  const given = location.text('vhost');
  if (broker === undefined) {
    const text = 'the stomp URL must say ?broker=activemq or rabbitmq';
    throw new IntermodalError('invalid-argument', text, { transport: 'stomp' });
  }
  const inPath = webSocket || path === '' ? undefined : path;
  if (given !== undefined && inPath !== undefined) {
    const text = 'the stomp URL names a vhost twice: in its path and as a parameter';
    throw new IntermodalError('invalid-argument', text, { transport: 'stomp' });
  }
  return stompTransport({
    broker,
    vhost: given ?? inPath,
    tls: location.tls,
    webSocket: webSocket
      ? { path: path === undefined || path === '' ? undefined : `/${path}` }
      : false,
    scheduler: location.flag('scheduler'),
    prioritizedMessages: location.flag('prioritizedMessages'),
    queueType: location.oneOf('queueType', ['quorum', 'classic']),
    singleActiveConsumer: location.flag('singleActiveConsumer'),
    credentials:
      credentials === undefined
        ? undefined
        : { username: credentials.username, password: credentials.password ?? '' },
    ...(hosts.length === 0 ? {} : { hosts }),
    ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs }),
  });
}
