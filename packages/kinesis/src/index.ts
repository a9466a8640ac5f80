export type { KinesisCapabilities } from './capabilities.ts';
export type {
  KinesisAggregation,
  KinesisLeasing,
  KinesisProvisioning,
  KinesisTransportOptions,
} from './options.ts';
export { kinesisFromUrl } from './from-url.ts';
export { type KinesisTransport, kinesisTransport } from './transport.ts';
