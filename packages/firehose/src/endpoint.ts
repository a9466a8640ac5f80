export type {
  FirehoseDelivery,
  FirehoseEndpointOptions,
  FirehoseRecordOrigin,
  RejectedRecord,
} from './http/options.ts';
export { createFirehoseEndpoint, type FirehoseEndpoint } from './http/endpoint.ts';
