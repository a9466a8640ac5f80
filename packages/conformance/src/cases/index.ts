import type { Case } from '../case.ts';
import { blocked } from './blocked.ts';
import { bodies } from './bodies.ts';
import { consuming } from './consuming.ts';
import { deadLetters } from './dead-letters.ts';
import { deliver } from './deliver.ts';
import { faults } from './faults.ts';
import { headers } from './headers.ts';
import { honesty } from './honesty.ts';
import { killed } from './killed.ts';
import { leases } from './leases.ts';
import { lifecycle } from './lifecycle.ts';
import { logs } from './logs.ts';
import { order } from './order.ts';
import { orderAfterRetry } from './order-after-retry.ts';
import { publish } from './publish.ts';
import { replay } from './replay.ts';
import { retry } from './retry.ts';
import { settle } from './settle.ts';
import { stop } from './stop.ts';
import { tokens } from './tokens.ts';
import { uncertain } from './uncertain.ts';

/** Every case of the suite, one family after the other. */
export const cases: readonly Case[] = [
  ...publish,
  ...bodies,
  ...headers,
  ...uncertain,
  ...deliver,
  ...consuming,
  ...settle,
  ...leases,
  ...tokens,
  ...retry,
  ...deadLetters,
  ...stop,
  ...order,
  ...orderAfterRetry,
  ...logs,
  ...blocked,
  ...replay,
  ...faults,
  ...killed,
  ...lifecycle,
  ...honesty,
];
