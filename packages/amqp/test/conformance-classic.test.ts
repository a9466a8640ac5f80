import { conformance } from '@intermodal/conformance';
import { afterAll, describe, it } from 'vitest';
import { stopRabbit } from './broker.ts';
import { aboutOrder, alone, harnessesOn, together } from './harness.ts';

const { classic, singleActive } = harnessesOn('rabbitmq');
conformance({ describe, it: it.concurrent }, classic, { cases: together });
conformance({ describe, it }, classic, { cases: alone });
conformance({ describe, it: it.concurrent }, singleActive, { cases: aboutOrder });

afterAll(() => stopRabbit('rabbitmq'));
