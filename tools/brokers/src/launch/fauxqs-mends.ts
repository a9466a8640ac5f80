import type { DatabaseSync } from 'node:sqlite';
import { listenOnLoopback } from './listen-on-loopback.ts';

/** The parts of fauxqs 2.4.1 that are mended; it exports none of them. */
interface Persistence {
  db: DatabaseSync;
  load(...stores: unknown[]): void;
  updateMessageReady(messageId: string): void;
}

/**
 * Mends what would fail ordinary traffic in fauxqs 2.4.1: its visibility 0 with data on disk, and its
 * refusal of characters above U+FFFF. To be looked at again with each new version.
 */
export async function mendFauxqs(): Promise<void> {
  listenOnLoopback();
  const { PersistenceManager } = (await internal('persistence.js')) as {
    readonly PersistenceManager: { readonly prototype: Persistence };
  };
  mendPersistence(PersistenceManager.prototype);
  const { INVALID_MESSAGE_BODY_CHAR } = (await internal('sqs/sqsTypes.js')) as {
    readonly INVALID_MESSAGE_BODY_CHAR: RegExp;
  };
  mendCharacters(INVALID_MESSAGE_BODY_CHAR);
}

async function internal(file: string): Promise<unknown> {
  return import(new URL(file, import.meta.resolve('fauxqs')).href);
}

function mendPersistence(prototype: Persistence): void {
  const load: unknown = Reflect.get(prototype, 'load');
  prototype.load = function (this: Persistence, ...stores: unknown[]) {
    // What a killed process wrote is safe with the operating system; waiting for the disk halves the rate.
    this.db.exec('PRAGMA synchronous = OFF');
    Reflect.apply(load as (...values: unknown[]) => void, this, stores);
  };
  // The original sets the receive count to NULL, which its own table forbids.
  prototype.updateMessageReady = function (this: Persistence, messageId: string) {
    const columns = 'receipt_handle = NULL, visibility_deadline = NULL';
    this.db.prepare(`UPDATE sqs_messages SET ${columns} WHERE message_id = ?`).run(messageId);
  };
}

/** The original looks at UTF-16 units, and takes each half of a surrogate pair for a forbidden character. */
function mendCharacters(forbidden: RegExp): void {
  const whole = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
  forbidden.test = (text) => whole.test(text);
}
