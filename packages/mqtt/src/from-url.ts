import type { TransportLocation } from '@intermodal/core';
import { IntermodalError, type Transport } from '@intermodal/core/driver';
import type { MqttCapabilities } from './capabilities.ts';
import { mqttBrokers } from './engine.ts';
import { mqttTransport } from './transport.ts';

/**
 * For `openTransport`: `mqtt://user:password@active,standby?broker=activemq&protocol=3.1.1`, with TLS as `mqtts:`, over
 * WebSockets as `mqtt+ws:` and `mqtt+wss:`, whose path is that of the URL. Parameters: `broker` and `protocol`, which are
 * needed, `member`, `envelope`, `sessionExpiryMs`, `retain`, `takeRetained`, `clientIdPrefix`, `keepAliveMs`.
 *
 * @throws `invalid-argument`
 */
export function mqttFromUrl(location: TransportLocation): Transport<MqttCapabilities> {
  const { hosts, credentials, webSocket, tls } = location;
  const broker = location.oneOf('broker', mqttBrokers);
  const protocol = location.oneOf('protocol', ['3.1.1', '5']);
  const numbers = {
    sessionExpiryMs: location.number('sessionExpiryMs'),
    keepAliveMs: location.number('keepAliveMs'),
    retain: location.flag('retain'),
    takeRetained: location.flag('takeRetained'),
    clientIdPrefix: location.text('clientIdPrefix'),
  };
  if (broker === undefined) throw missing(`broker=${mqttBrokers.join(', ')}`);
  if (protocol === undefined) throw missing('protocol=3.1.1 or 5');
  const path = webSocket ? location.path : undefined;
  return mqttTransport({
    broker,
    protocol,
    tls,
    webSocket: webSocket && (path === undefined || path === '' ? true : { path }),
    member: location.text('member'),
    envelope: location.oneOf('envelope', ['cloudevents', 'none']),
    credentials,
    ...(hosts.length === 0 ? {} : { hosts }),
    ...given(numbers),
  });
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function given<T extends object>(options: T): Given<T> {
  const set = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as Given<T>;
}

function missing(parameter: string): IntermodalError {
  const text = `the mqtt URL must say ?${parameter}`;
  return new IntermodalError('invalid-argument', text, { transport: 'mqtt' });
}
