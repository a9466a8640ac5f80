import { type Address, type Admin, type Backlog, IntermodalError } from '@intermodal/core/driver';
import { type BrokerState, channelFor, resolve } from './broker.ts';
import type { ChannelStore } from './channel-store.ts';
import { place } from './connection.ts';
import type { Settings } from './options.ts';

export function createAdmin(broker: BrokerState, settings: Settings): Admin {
  /** @throws `not-found`, `mismatch` */
  function existing(address: Address): ChannelStore {
    return channelFor(broker, resolve(address), { ...settings, autoCreate: false });
  }

  function create(address: Address): void {
    const { name, group } = resolve(address);
    const channel = broker.ensure(name, settings.shards);
    if (group !== undefined) channel.addGroup(group);
  }

  function backlog({ group, ...address }: Address): Backlog {
    const ofGroup: Address = { ...address, group: group ?? address.channel };
    const counts = { ready: 0, delayed: 0, 'in-flight': 0 };
    for (const { state } of existing(ofGroup).unsettled(ofGroup.group ?? '')) counts[state] += 1;
    const dead = deadLettersOf(ofGroup);
    const deadLetters = broker.channels.get(resolve(dead).name)?.unsettled(ofGroup.group ?? '');
    return {
      ready: counts.ready,
      inFlight: counts['in-flight'],
      delayed: counts.delayed,
      deadLettered: address.role === 'main' ? (deadLetters?.length ?? 0) : 0,
      exact: true,
    };
  }

  /** A channel or a group goes with its dead letters, and whoever is connected to it is told. */
  function remove(address: Address): void {
    const { name, group } = resolve(address);
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
    for (const connection of [...broker.connections]) {
      const isOf = connection.address === name && (isWhole || connection.group === group);
      if (isOf || connection.address.startsWith(below)) connection.end(gone);
    }
  }

  return {
    provision: (address, { mode, deadLetter = deadLettersOf(address) }) =>
      promised(() => {
        const wanted = address.group === undefined ? [address] : [address, deadLetter];
        for (const each of wanted) {
          if (mode === 'create') create(each);
          else existing(each);
        }
      }),
    backlog: (address) => promised(() => backlog(address)),
    purge: (address) =>
      promised(() => {
        existing(address).purge(resolve(address).group);
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
