import { createAsk, createErrorMapping, type ErrorRow } from '@intermodal/aws';

const rows: readonly ErrorRow[] = [
  ['not-found', 'final', 'there is no such loft: provision it', 'NoSuchLoft NoSuchLoftException'],
];
export const errors = createErrorMapping({ transport: 'pigeon', rows });
export const ask = createAsk(errors);
