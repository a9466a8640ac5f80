import { conformance } from '@intermodal/conformance';
import { afterAll, describe, it } from 'vitest';
import { stopServer } from './broker.ts';
import { onRabbitmq3Classic, singleActiveOn } from './harness.ts';

conformance({ describe, it }, onRabbitmq3Classic);
conformance({ describe, it }, singleActiveOn('rabbitmq'));

afterAll(() => stopServer('rabbitmq'));
