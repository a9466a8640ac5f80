import { type Address, type Admin, IntermodalError } from '@intermodal/core/driver';
import { engines } from './engine.ts';
import type { Sessions } from './sessions.ts';
import type { Settings } from './options.ts';

/** All that a group is on a broker is its session. */
export function createAdmin(sessions: Sessions, { broker }: Settings): Admin {
  async function ensure(
    address: Address,
    mode: 'create' | 'verify',
    signal: AbortSignal,
  ): Promise<void> {
    // Publishers need nothing.
    if (address.role === 'main' && address.group === undefined) return;
    if (mode === 'create') await sessions.create(address, signal);
    else await sessions.verify(address, signal);
  }

  return {
    async provision(address, plan, signal) {
      if (plan.mode === 'verify' && !engines[broker].tellsSessions) {
        const text = `'${broker}' does not say whether a session is there, so that nothing can be verified: use mode 'create'`;
        throw new IntermodalError('unsupported', text, {
          transport: 'mqtt',
          address: address.channel,
        });
      }
      await ensure(address, plan.mode, signal);
      if (plan.deadLetter !== undefined) await ensure(plan.deadLetter, plan.mode, signal);
    },

    async purge(address, signal) {
      await sessions.remove(address, signal);
      await sessions.create(address, signal);
    },

    /** A group goes with its dead letters. */
    async remove(address, signal) {
      if (address.group === undefined && address.role === 'main') return;
      await sessions.remove(address, signal);
      if (address.role === 'main')
        await sessions.remove({ ...address, role: 'dead-letter' }, signal);
    },
  };
}
