import { createMemoryBroker, memoryTransport } from '../../../memory/src/index.ts';
import type { Harness } from '../../src/index.ts';
import type { Heartbeat } from './connection.ts';
import { startServer } from './server.ts';
import { bridgeTransport, maxMessageBytes } from './transport.ts';

/** What is wrong with a bridge, on purpose. */
export interface BridgeDefects {
  readonly heartbeat?: Heartbeat;
  /** What a restart leaves of the messages. */
  readonly restart?: 'keeps' | 'forgets';
  readonly program?: 'careless-program.ts' | 'lingering-program.ts';
}

/**
 * A memory broker behind a socket: what only a broker of another process can show (restarts, silence, killed clients) is
 * shown without one.
 */
export function createBridgeHarness(defects: BridgeDefects = {}): Harness {
  const { heartbeat = 'on', restart = 'keeps', program = 'program.ts' } = defects;
  return {
    name: 'bridge',
    broker: 'memory behind a socket',
    limits: { messageBytes: maxMessageBytes },
    times: { leaseMs: 600, delayMs: 400, quietMs: 120, withinMs: 10_000, caseMs: 30_000 },
    async open() {
      const broker = createMemoryBroker();
      const server = await startServer(() => memoryTransport({ broker, maxMessageBytes }));
      return {
        transport: () => bridgeTransport(server.port, heartbeat),
        program: {
          module: new URL(program, import.meta.url).href,
          argument: String(server.port),
        },
        faults: {
          cut: server.cut,
          async restart() {
            if (restart === 'forgets') broker.faults.restart();
            await server.restart();
          },
          blackhole: server.blackhole,
          expireLeases: broker.faults.expireLeases,
        },
        close: server.close,
      };
    },
  };
}
