import type { EntryError } from './aws-batch.ts';
import type { AwsCall, AwsError, AwsObject } from './aws-wire.ts';

/** What a rule does to one call. */
export type Fault =
  /** Answered without asking the service. */
  | { readonly kind: 'answer'; readonly output: AwsObject }
  | { readonly kind: 'error'; readonly error: AwsError }
  /** These entries of a batch are refused, the others go to the service. */
  | {
      readonly kind: 'refuse-entries';
      readonly refuse: (entry: AwsObject, index: number) => EntryError | undefined;
    }
  /** The connection is reset, and the service never hears of the call. */
  | { readonly kind: 'lose-request' }
  /** The service does what it was asked, and the connection is reset instead of an answer. */
  | { readonly kind: 'lose-reply' }
  | { readonly kind: 'hold-request'; readonly until: () => Promise<void> }
  | { readonly kind: 'hold-reply'; readonly until: () => Promise<void> }
  | { readonly kind: 'edit'; readonly edit: (output: AwsObject) => AwsObject };

/** Decides for each call what is done to it; nothing is the rule. May be asynchronous. */
export type Rule = (call: AwsCall) => Fault | undefined | Promise<Fault | undefined>;

/** Which calls a rule is about. */
export interface Match {
  /** Left out: every operation. */
  readonly operation?: string | readonly string[];
  /** @defaultValue 1 */
  readonly times?: number;
  readonly when?: (call: AwsCall) => boolean;
}

/** Refuses calls as a service over its limits does. @defaultValue `RequestThrottled`, which SQS says */
export function throttle(match: Match, name = 'RequestThrottled'): Rule {
  return rule(match, { kind: 'error', error: { name, message: 'Rate exceeded' } });
}

/** Answers calls with this error. */
export function failCall(match: Match, error: AwsError): Rule {
  return rule(match, { kind: 'error', error });
}

/** Answers calls with an error of the service's own making. */
export function serverError(match: Match, status = 500): Rule {
  return failCall(match, { name: 'InternalError', status, message: `${status}, injected` });
}

/** Refuses the entries that `which` picks, and forwards the others. */
export function failEntries(
  match: Match,
  which: (entry: AwsObject, index: number) => boolean,
  error: EntryError = { code: 'InternalError' },
): Rule {
  return rule(match, {
    kind: 'refuse-entries',
    refuse: (entry, index) => (which(entry, index) ? error : undefined),
  });
}

/** Forwards calls and resets the connection instead of answering. */
export function loseReply(match: Match): Rule {
  return rule(match, { kind: 'lose-reply' });
}

/** Resets the connection before the service hears of the call. */
export function loseRequest(match: Match): Rule {
  return rule(match, { kind: 'lose-request' });
}

/** Keeps answers back for a while. */
export function delayReply(match: Match, delayMs: number): Rule {
  const until = (): Promise<void> =>
    new Promise((resolve) => void setTimeout(resolve, delayMs).unref());
  return rule(match, { kind: 'hold-reply', until });
}

/** Keeps answers back until they are let go. */
export interface Hold {
  readonly rule: Rule;
  /** Lets go what is held, and all that comes later. */
  readonly release: () => void;
}

/** Keeps the answers of calls back until `release`: for a test that must act in between. */
export function holdReply(match: Match): Hold {
  let release = (): void => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  return { rule: rule(match, { kind: 'hold-reply', until: () => released }), release };
}

/** Falsifies the checksum of those received messages that `which` picks, their bodies left as they are. */
export function corruptMd5(
  which: (message: AwsObject, index: number) => boolean,
  match: Match = {},
): Rule {
  return editReply({ operation: 'ReceiveMessage', ...match }, (output) => {
    const messages = output['Messages'];
    if (!Array.isArray(messages)) return output;
    const edited = (messages as readonly AwsObject[]).map((message, index) =>
      which(message, index) ? { ...message, MD5OfBody: '0'.repeat(32) } : message,
    );
    return { ...output, Messages: edited };
  });
}

/** Changes what the service answers. */
export function editReply(match: Match, edit: (output: AwsObject) => AwsObject): Rule {
  return rule(match, { kind: 'edit', edit });
}

function rule({ operation, times = 1, when = () => true }: Match, fault: Fault): Rule {
  const operations = typeof operation === 'string' ? [operation] : operation;
  let left = times;
  return (call) => {
    if (left <= 0 || !when(call)) return undefined;
    if (operations && !operations.includes(call.operation)) return undefined;
    left -= 1;
    return fault;
  };
}
