export type { AmqpCapabilities } from './capabilities.ts';
export { amqpFromUrl } from './from-url.ts';
export type {
  AmqpCredentials,
  AmqpHost,
  AmqpLogin,
  AmqpTls,
  AmqpTransportOptions,
  QueueType,
} from './options.ts';
export { amqpTransport } from './transport.ts';
