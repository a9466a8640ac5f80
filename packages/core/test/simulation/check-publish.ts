import type { Address, SendLimits, SendOutcome, WireMessage } from '../../src/driver.ts';
import { isSameBody, type Ledger } from './ledger.ts';
import type { ChannelPlan } from './plan.ts';
import type { Publication, StoredMessage } from './records.ts';

/** One sender, as the rules of sending see it. */
export interface SenderState {
  readonly name: string;
  readonly limits: SendLimits;
  readonly address: Address;
  inFlight: number;
  readonly lanes: Set<string>;
  closeCalled: boolean;
}

export interface SendEntry {
  readonly sender: SenderState;
  readonly message: WireMessage;
  readonly bytes: number;
  readonly lane: string | undefined;
}

export interface PublishChecks {
  sendCalled(sender: SenderState, batch: readonly SendEntry[]): void;
  sendAnswered(
    sender: SenderState,
    batch: readonly SendEntry[],
    outcomes: readonly SendOutcome[],
  ): void;
  /** A copy in the main address; `visibleAt` is the earliest that anyone can see it. */
  stored(stored: StoredMessage, visibleAt: number): void;
  deadLettered(channel: ChannelPlan, group: string, message: WireMessage): void;
  settled(publication: Publication): void;
}

/** Codes of a publish that say that nothing was stored. */
const certain = new Set([
  'timeout',
  'aborted',
  'closed',
  'rejected',
  'throttled',
  'unavailable',
  'too-large',
  'permission-denied',
  'invalid-argument',
]);

export function createPublishChecks(ledger: Ledger): PublishChecks {
  const { violate } = ledger;

  function checkIntact(what: string, publication: Publication, message: WireMessage): void {
    if (!isSameBody(publication.wireBody, message.body))
      violate('intact', `${what} of ${message.id} has another body`);
    if (publication.plan.key !== message.key)
      violate(
        'intact',
        `${what} of ${message.id} has key ${String(message.key)} instead of ${String(publication.plan.key)}`,
      );
    for (const [name, value] of Object.entries(publication.plan.headers ?? {})) {
      if (message.headers.get(name) !== value)
        violate('intact', `${what} of ${message.id} lost or changed the header ${name}`);
    }
    for (const name of message.headers.keys()) {
      if (publication.plan.headers?.[name] === undefined && !name.startsWith('im'))
        violate('intact', `${what} of ${message.id} has a header ${name} of nobody's`);
    }
  }

  return {
    sendCalled(sender, batch) {
      const { limits } = sender;
      if (sender.closeCalled)
        violate('after-close', `${sender.name} was told to send after it was closed`);
      if (batch.length === 0) violate('send-limits', `${sender.name} was given an empty batch`);
      if (batch.length > limits.maxBatchCount)
        violate(
          'send-limits',
          `${sender.name} was given ${batch.length} entries at once, its limit is ${limits.maxBatchCount}`,
        );
      const bytes = batch.reduce((sum, entry) => sum + entry.bytes, 0);
      if (batch.length > 1 && bytes > limits.maxBatchBytes)
        violate(
          'send-limits',
          `${sender.name} was given ${bytes} bytes at once, its limit is ${limits.maxBatchBytes}`,
        );
      sender.inFlight += 1;
      if (sender.inFlight > limits.maxInFlight)
        violate(
          'send-limits',
          `${sender.name} has ${sender.inFlight} sends under way, its limit is ${limits.maxInFlight}`,
        );
      const own = new Set<string>();
      for (const entry of batch) {
        if (entry.sender !== sender)
          violate('send-token', `${sender.name} was given what ${entry.sender.name} had prepared`);
        if (entry.lane === undefined) continue;
        if (sender.lanes.has(entry.lane))
          violate('send-lane', `lane ${entry.lane} of ${sender.name} is in two sends at once`);
        if (own.has(entry.lane) && limits.entries === 'independent')
          violate(
            'send-lane',
            `lane ${entry.lane} of ${sender.name} is twice in one batch whose entries are independent`,
          );
        own.add(entry.lane);
      }
      for (const lane of own) sender.lanes.add(lane);
    },
    sendAnswered(sender, batch, outcomes) {
      sender.inFlight -= 1;
      const { role, group } = sender.address;
      batch.forEach((entry, index) => {
        // Core cannot know whether this dead letter exists, so the message may come again.
        if (role !== 'dead-letter' || outcomes[index]?.ok === true) return;
        ledger.deadLettersTroubled = true;
        ledger.disturb(entry.message.channel, group ?? entry.message.channel, entry.message.id);
      });
      for (const entry of batch) if (entry.lane !== undefined) sender.lanes.delete(entry.lane);
    },
    stored(stored, visibleAt) {
      const { publication, message } = stored;
      if (stored.foreign !== undefined) return;
      if (publication === undefined) {
        violate('from-nowhere', `${message.id} was stored and never published`);
        return;
      }
      checkIntact('the stored copy', publication, message);
      const earliest = publication.calledAt + (publication.plan.delayMs ?? 0);
      if (visibleAt < earliest)
        violate(
          'delay',
          `${message.id} can be seen ${earliest - visibleAt} ms before its delay of ${publication.plan.delayMs ?? 0} ms is over`,
        );
    },
    deadLettered(channel, group, message) {
      const fate = ledger.fate(channel, group, message.id);
      const publication = ledger.publications.get(message.id);
      if (publication !== undefined) checkIntact('the dead letter', publication, message);
      fate.deadLetters += 1;
      if (fate.condemned === undefined)
        violate(
          'dead-letter',
          `${message.id} of ${group} became a dead letter, and nothing had condemned it`,
        );
      else if (
        message.headers.get('imreason') !== fate.condemned &&
        fate.condemned !== '' &&
        !fate.disturbed
      ) {
        violate(
          'dead-letter',
          `the dead letter ${message.id} of ${group} says '${String(message.headers.get('imreason'))}' instead of '${fate.condemned}'`,
        );
      }
      if (
        message.headers.get('imattempt') === undefined ||
        message.headers.get('imorigin') === undefined
      ) {
        violate(
          'dead-letter',
          `the dead letter ${message.id} of ${group} does not say where it came from or how often it was tried`,
        );
      }
      if (fate.deadLetters > 1 && !fate.disturbed && !ledger.deadLettersTroubled)
        violate(
          'dead-letter',
          `${message.id} of ${group} is ${fate.deadLetters} times among the dead letters, and nothing had gone wrong`,
        );
    },
    settled(publication) {
      const { plan, outcome, firstStored } = publication;
      if (outcome === 'ok') {
        if (firstStored === undefined)
          violate('confirm', `publish of ${plan.id} resolved, and the broker has never stored it`);
        return;
      }
      if (!certain.has(outcome) && outcome !== 'unknown-outcome')
        violate('publish-code', `publish of ${plan.id} failed as '${outcome}'`);
    },
  };
}

/** Rules that only the end of a run can decide. */
export function checkPublishedAtEnd(ledger: Ledger): void {
  const latest = new Map<string, Publication>();
  for (const publication of ledger.publications.values()) {
    const { plan, outcome, firstStored } = publication;
    if (outcome === 'pending') continue;
    if (certain.has(outcome) && firstStored !== undefined) {
      ledger.violate(
        'false-failure',
        `publish of ${plan.id} said '${outcome}', and the broker has stored it`,
      );
    }
    if (
      outcome !== 'ok' ||
      plan.key === undefined ||
      publication.channel.order !== 'key' ||
      firstStored === undefined
    )
      continue;
    const name = `${publication.client}\n${publication.channel.name}\n${plan.key}`;
    const before = latest.get(name);
    if (before !== undefined && (before.firstStored?.position ?? 0) > firstStored.position) {
      ledger.violate(
        'publish-order',
        `${publication.client} published ${before.plan.id} before ${plan.id}, both with key ${plan.key}; they are stored the other way round`,
      );
    }
    latest.set(name, publication);
  }
}
