export type { FirehoseCapabilities } from './capabilities.ts';
export type { FirehoseStreamSettings, FirehoseTransportOptions } from './options.ts';
export { firehoseFromUrl } from './from-url.ts';
export { firehoseTransport } from './transport.ts';
