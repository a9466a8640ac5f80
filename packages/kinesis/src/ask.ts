import { type Ask, createAsk } from '@intermodal/aws';
import { kinesisErrors } from './map-error.ts';

/** One request; its failure is thrown in our words. */
export const ask: Ask = createAsk(kinesisErrors);
