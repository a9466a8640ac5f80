import { conformance } from '@intermodal/conformance';
import { describe, it } from 'vitest';
import { pigeonTransport, startPigeon } from './pigeon.ts';

conformance(
  { describe, it },
  {
    name: 'pigeon',
    broker: 'pigeon 3.1',
    async open() {
      const broker = await startPigeon(); // or the address of one that runs already
      return {
        transport: () => pigeonTransport({ url: broker.url }),
        faults: { cut: broker.cut }, // whatever you can do to it
        close: broker.stop,
      };
    },
    limits: { messageBytes: 65_536 },
  },
);
