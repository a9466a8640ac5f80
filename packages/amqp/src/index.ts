export type { AmqpCapabilities } from './capabilities.ts';
export type {
  AmqpCredentials,
  AmqpHost,
  AmqpLogin,
  AmqpTls,
  AmqpTransportOptions,
  QueueType,
} from './options.ts';
export { amqpTransport } from './transport.ts';
