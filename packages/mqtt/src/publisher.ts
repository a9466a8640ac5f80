import { IntermodalError, type SendOutcome } from '@intermodal/core/driver';
import type { Connection } from './connection.ts';
import { noMatchingSubscribers, reasonError } from './map-error.ts';
import type { PublishPacket } from './packet.ts';
import type { Settings } from './options.ts';
import { writeTogether } from './write-together.ts';

/** A message on its way: waiting to be written, then for its PUBACK. */
export interface Entry {
  readonly packet: PublishPacket;
  /** For error messages. */
  readonly phrase: string;
  state: 'waiting' | 'written' | 'answered';
  readonly answer: (outcome: SendOutcome) => void;
}

/** What all senders of a transport publish by: a connection has one window. */
export interface Publisher {
  readonly connection: Connection;
  /** Most bytes of one packet. */
  readonly maxBytes: number;
  publish(entries: readonly Entry[]): void;
  /** What was never written has certainly not arrived. */
  giveUp(entry: Entry, error: IntermodalError): void;
}

const maxId = 65_535;
/** Reasons from here on are refusals. */
const firstRefusal = 128;

export function createPublisher(connection: Connection, settings: Settings): Publisher {
  const { native, connack } = connection;
  const { receiveMaximum = Infinity, maximumPacketSize = Infinity } = connack.properties ?? {};
  const maxMessages = Math.min(settings.maxUnconfirmedMessages, receiveMaximum);
  const write = writeTogether(native.stream);
  let waiting: Entry[] = [];
  /** By the ids of their packets, which nothing else has on this connection. */
  const unconfirmed = new Map<number, Entry>();
  let unconfirmedBytes = 0;
  let lastId = 0;

  native.on('packetreceive', (packet) => {
    if (packet.cmd !== 'puback') return;
    const { messageId = 0, reasonCode = 0 } = packet;
    const entry = unconfirmed.get(messageId);
    if (entry === undefined) return;
    unconfirmed.delete(messageId);
    unconfirmedBytes -= entry.packet.bytes.length;
    answer(entry, outcomeOf(reasonCode, entry));
    if (waiting.length > 0) pump();
  });

  function hasRoomFor({ bytes }: PublishPacket): boolean {
    if (unconfirmed.size >= maxMessages) return false;
    return (
      unconfirmed.size === 0 || unconfirmedBytes + bytes.length <= settings.maxUnconfirmedBytes
    );
  }

  /** Writes what may be written: no more than may be unconfirmed. */
  function pump(): void {
    let next = 0;
    while (next < waiting.length && connection.over === undefined) {
      const entry = waiting[next] as Entry;
      if (entry.state === 'waiting') {
        if (!hasRoomFor(entry.packet)) break;
        send(entry);
      }
      next += 1;
    }
    if (next > 0) waiting = next === waiting.length ? [] : waiting.slice(next);
  }

  function send(entry: Entry): void {
    const { bytes, idAt } = entry.packet;
    do lastId = lastId === maxId ? 1 : lastId + 1;
    while (unconfirmed.has(lastId));
    bytes.writeUInt16BE(lastId, idAt);
    entry.state = 'written';
    unconfirmed.set(lastId, entry);
    unconfirmedBytes += bytes.length;
    write(bytes);
  }

  function outcomeOf(reason: number, { phrase }: Entry): SendOutcome {
    if (reason < firstRefusal && reason !== noMatchingSubscribers) return { ok: true };
    return { ok: false, certainty: 'rejected', error: reasonError(reason, phrase) };
  }

  function answer(entry: Entry, outcome: SendOutcome): void {
    if (entry.state === 'answered') return;
    entry.state = 'answered';
    entry.answer(outcome);
  }

  function giveUp(entry: Entry, error: IntermodalError): void {
    const certainty = entry.state === 'written' ? 'unknown' : 'rejected';
    answer(entry, { ok: false, certainty, error });
  }

  void connection.dead.then((error) => {
    const why =
      error ?? new IntermodalError('closed', 'the transport is closed', { transport: 'mqtt' });
    const left = [...unconfirmed.values(), ...waiting];
    unconfirmed.clear();
    waiting = [];
    for (const entry of left) giveUp(entry, why);
  });

  return {
    connection,
    maxBytes: Math.min(settings.maxMessageBytes, maximumPacketSize),
    publish(entries) {
      waiting.push(...entries);
      pump();
    },
    giveUp,
  };
}
