import { type ErrorCode, IntermodalError } from '@intermodal/core/driver';
import { commonErrors, nameOfStatus } from './common-errors.ts';

/**
 * `final`: no waiting mends it. `passing`: the service said no, and may say yes later. `uncertain`: the same, but the
 * request may have been carried out all the same.
 */
export type ErrorKind = 'final' | 'passing' | 'uncertain';

/** What happened and what to do is the `text`; `names`, separated by blanks, are those under which a service says it. */
export type ErrorRow = readonly [code: ErrorCode, kind: ErrorKind, text: string, names: string];

interface Meaning {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly text: string;
}

/** An entry that failed, as `SendMessageBatch` and `PublishBatch` tell it. */
export interface BatchFailure {
  readonly Id?: string | undefined;
  readonly Code: string | undefined;
  readonly Message?: string | undefined;
  readonly SenderFault: boolean | undefined;
}

/** How the errors of one service are told. */
export interface ErrorMappingOptions {
  /** For `IntermodalError.transport`. */
  readonly transport: string;
  /** What this service alone says, or says otherwise: a name here wins over what all services say alike. */
  readonly rows: readonly ErrorRow[];
  /** What a refused entry means where its code alone does not say it. */
  readonly entryName?: (entry: BatchFailure) => string | undefined;
}

/** Why a request failed, and what that leaves of it. */
export interface MappedError {
  readonly error: IntermodalError;
  /** Whether a send that failed so may have arrived. */
  readonly certainty: 'rejected' | 'unknown';
}

/** Errors of one service in our words. The native message is left out, since it may quote the request. */
export interface ErrorMapping {
  /** Of anything that the SDK throws. */
  readonly mapError: (cause: unknown, place: string) => MappedError;
  /** Of a code that stands in an answer for one entry alone; one that is not in the table may mean anything. */
  readonly mapCode: (code: string | undefined, place: string, cause: unknown) => MappedError;
  /** The same, where the answer also says whose fault it is. */
  readonly mapEntryError: (entry: BatchFailure, place: string) => MappedError;
}

const cut: Meaning = {
  code: 'unavailable',
  kind: 'uncertain',
  text: 'the connection broke before the answer',
};
const unreachable: Meaning = {
  code: 'unavailable',
  kind: 'passing',
  text: 'the service cannot be reached: check endpoint, region and network',
};
const untrusted: Meaning = {
  code: 'unavailable',
  kind: 'final',
  text: 'the TLS certificate of the endpoint is not trusted',
};
const unknown: Meaning = {
  code: 'unknown',
  kind: 'uncertain',
  text: 'the request failed in a way that is not known',
};

/** Members that errors of the SDK, of its HTTP handler and of Node have; none is certain. */
interface Native {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly Code?: unknown;
  readonly syscall?: unknown;
  readonly $metadata?: {
    readonly httpStatusCode?: number;
    readonly attempts?: number;
    readonly clockSkewCorrected?: boolean;
  };
}

/** One for each service, of the table that its transport keeps. */
export function createErrorMapping({
  transport,
  rows,
  entryName,
}: ErrorMappingOptions): ErrorMapping {
  const meanings: ReadonlyMap<string, Meaning> = new Map(
    [...commonErrors, ...rows].flatMap(([code, kind, text, names]) =>
      names.split(/\s+/).map((name) => [name, { code, kind, text }] as const),
    ),
  );
  const named = (name: string): Meaning => meanings.get(name) ?? unknown;

  function errorOf(
    { code, kind, text }: Meaning,
    name: string | undefined,
    place: string,
    cause: unknown,
  ): IntermodalError {
    const suffix = name === undefined ? '' : ` (${name})`;
    const options = { retryable: kind !== 'final', transport, address: place, cause };
    return new IntermodalError(code, `${place}: ${text}${suffix}`, options);
  }

  function meaningOf(native: Native): Meaning {
    const { httpStatusCode: status = 0, clockSkewCorrected } = native.$metadata ?? {};
    // The SDK has learnt the right time from this very refusal: the next request is signed with it.
    if (clockSkewCorrected === true) return named('RequestTimeTooSkewed');
    for (const name of [native.name, native.Code]) {
      const known = isName(name) ? meanings.get(plainCode(name)) : undefined;
      if (known !== undefined) return known;
    }
    return status >= 400 ? byStatus(status) : byConnection(native);
  }

  function byStatus(status: number): Meaning {
    const name = nameOfStatus(status);
    if (name !== undefined) return named(name);
    const text = `the service refused the request with status ${status}`;
    return { code: 'rejected', kind: 'final', text };
  }

  function byConnection(native: Native): Meaning {
    const code = isName(native.code) ? native.code : '';
    // Nothing can have been sent before the connection stood; several addresses tried in vain make an aggregate.
    const isBefore = native.syscall === 'connect' || native.syscall === 'getaddrinfo';
    if (isBefore || code === 'ECONNREFUSED' || native instanceof AggregateError) return unreachable;
    if (/^CERT_|^ERR_TLS_|^UNABLE_TO_|SELF_SIGNED/.test(code)) return untrusted;
    if (code === 'ECONNRESET' || code === 'EPIPE') return cut;
    if (native.name === 'TimeoutError') return named('RequestTimeout');
    return code === '' ? unknown : cut;
  }

  function answered(
    meaning: Meaning,
    code: string | undefined,
    place: string,
    cause: unknown,
  ): MappedError {
    return {
      error: errorOf(meaning, code, place, cause),
      certainty: meaning.kind === 'uncertain' ? 'unknown' : 'rejected',
    };
  }

  return {
    mapError(cause, place) {
      if (IntermodalError.is(cause)) return { error: cause, certainty: 'rejected' };
      const native = (typeof cause === 'object' && cause !== null ? cause : {}) as Native;
      const meaning = meaningOf(native);
      // A client that retries by itself does not tell what its earlier attempts came to.
      const isUncertain = meaning.kind === 'uncertain' || (native.$metadata?.attempts ?? 1) > 1;
      const name = [native.name, native.code, native.Code].find(isName);
      return {
        error: errorOf(meaning, name, place, cause),
        certainty: isUncertain ? 'unknown' : 'rejected',
      };
    },

    mapCode(code, place, cause) {
      return answered(named(plainCode(code)), code, place, cause);
    },

    mapEntryError(entry, place) {
      const isFinal = entry.SenderFault === true;
      const meaning: Meaning = meanings.get(entryName?.(entry) ?? plainCode(entry.Code)) ?? {
        code: isFinal ? 'rejected' : 'unavailable',
        kind: isFinal ? 'final' : 'passing',
        text: 'the service refused the entry',
      };
      return answered(meaning, entry.Code, place, entry);
    },
  };
}

function isName(name: unknown): name is string {
  return typeof name === 'string' && name !== 'Error';
}

/** `AWS.SimpleQueueService.NonExistentQueue` and `com.amazonaws.sqs#OverLimit` are known by their last part. */
export function plainCode(code: string | undefined): string {
  return (code ?? '').replace(/^.*#/, '').replace(/^AWS\.SimpleQueueService\./, '');
}
