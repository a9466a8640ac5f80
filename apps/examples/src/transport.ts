import { openTransport, type Transport, type TransportFactory } from '@intermodal/core';
import { sqsFromUrl } from '@intermodal/sqs';

/** Several processes meet there, so memory is not among them. A further transport is a line here. */
const factories: Readonly<Record<string, TransportFactory>> = { sqs: sqsFromUrl };

/** @throws `invalid-argument` */
export function transportOf(url: string): Promise<Transport> {
  return openTransport(url, factories);
}
