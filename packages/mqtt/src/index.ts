export type { MqttCapabilities } from './capabilities.ts';
export type { MqttBroker, MqttProtocol } from './engine.ts';
export { mqttFromUrl } from './from-url.ts';
export type {
  MqttCredentials,
  MqttHost,
  MqttLogin,
  MqttTls,
  MqttTransportOptions,
  MqttWebSocket,
} from './options.ts';
export { mqttTransport } from './transport.ts';
