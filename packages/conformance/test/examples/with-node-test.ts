import { describe, it } from 'node:test';
import { cases, conformance } from '@intermodal/conformance';
import { pigeonTransport, startPigeon } from './pigeon.ts';

// The same with the test runner of Node, and only the cases of one rule.
conformance(
  { describe, it },
  {
    name: 'pigeon',
    broker: 'pigeon 3.1',
    async open() {
      const broker = await startPigeon();
      return { transport: () => pigeonTransport({ url: broker.url }), close: broker.stop };
    },
  },
  { cases: cases.filter((one) => one.rules.includes('P4')) },
);
