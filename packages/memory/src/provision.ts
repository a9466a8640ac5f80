import { type Address, type Admin, type Backlog, IntermodalError } from '@intermodal/core/driver';
import { type BrokerState, type Target, targetOf } from './broker/broker.ts';
import { place } from './broker/connection.ts';
import type { Settings } from './options.ts';

export function createAdmin(broker: BrokerState, settings: Settings): Admin {
  const targetAt = (address: Address): Target => targetOf(address, settings.shards);

  function backlog(address: Address): Backlog {
    const group = address.group ?? address.channel;
    const counts = { ready: 0, delayed: 0, 'in-flight': 0 };
    const channel = broker.find({ ...targetAt(address), group });
    for (const { state } of channel.unsettled(group)) counts[state] += 1;
    const dead = broker.channels.get(targetAt(deadLettersOf(address)).name);
    return {
      ready: counts.ready,
      inFlight: counts['in-flight'],
      delayed: counts.delayed,
      deadLettered: address.role === 'main' ? (dead?.unsettled(group).length ?? 0) : 0,
      exact: true,
    };
  }

  /** A channel or a group goes with its dead letters, and whoever is connected to it is told. */
  function remove(address: Address): void {
    const { name, group } = targetAt(address);
    const isWhole = group === undefined || address.role === 'dead-letter';
    const below = isWhole ? `${name}/` : `${name}/${group}/`;
    for (const other of [...broker.channels.keys()]) {
      if (other.startsWith(below) || (isWhole && other === name)) broker.channels.delete(other);
    }
    if (!isWhole) broker.channels.get(name)?.removeGroup(group);
    const gone = new IntermodalError(
      'not-found',
      `'${name}' was removed: provision it again`,
      place(name),
    );
    for (const connection of broker.connections) {
      const isOf = connection.name === name && (isWhole || connection.group === group);
      if (isOf || connection.name.startsWith(below)) connection.end(gone);
    }
  }

  return {
    provision: (address, { mode, deadLetter = deadLettersOf(address) }) =>
      promised(() => {
        const wanted = address.group === undefined ? [address] : [address, deadLetter];
        for (const each of wanted) {
          if (mode === 'create') broker.make(targetAt(each));
          else broker.find(targetAt(each));
        }
      }),
    backlog: (address) => promised(() => backlog(address)),
    purge: (address) =>
      promised(() => {
        broker.find(targetAt(address)).purge(targetAt(address).group);
      }),
    remove: (address) =>
      promised(() => {
        remove(address);
      }),
  };
}

/** What `work` returns or throws, as a promise. */
export function promised<T>(work: () => T): Promise<T> {
  return new Promise((resolvePromise) => {
    resolvePromise(work());
  });
}

function deadLettersOf({ channel, group }: Address): Address {
  return { channel, ...(group === undefined ? {} : { group }), role: 'dead-letter' };
}
