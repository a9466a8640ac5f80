export type { StompCapabilities } from './capabilities.ts';
export type { StompBroker } from './engine.ts';
export { stompFromUrl } from './from-url.ts';
export type {
  QueueType,
  StompCredentials,
  StompHost,
  StompLogin,
  StompTls,
  StompTransportOptions,
  StompWebSocket,
} from './options.ts';
export { stompTransport } from './transport.ts';
