import { type Channel, channel } from '@intermodal/core';

/** A row to be written. */
export interface Reading {
  readonly id: string;
  readonly sensor: string;
  readonly value: number;
}

/** The buffer: each message is a row; its id is the id of the row. */
export const readings: Channel<Reading> = channel<Reading>('readings');

/** The writers, as a group. */
export const group = 'writers';

/** A database that is away for a while must not turn rows into dead letters. */
export const maxAttempts = 100;
