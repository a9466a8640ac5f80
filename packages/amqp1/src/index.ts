export type { Amqp1Capabilities } from './capabilities.ts';
export type { Amqp1Broker } from './engine.ts';
export { amqp1FromUrl } from './from-url.ts';
export type {
  Amqp1Credentials,
  Amqp1Host,
  Amqp1Login,
  Amqp1Tls,
  Amqp1TransportOptions,
  QueueType,
} from './options.ts';
export { amqp1Transport } from './transport.ts';
