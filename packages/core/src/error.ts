/** What went wrong, in words a caller can act on. */
export type ErrorCode =
  | 'aborted'
  | 'already-settled'
  | 'closed'
  | 'endpoint-disabled'
  | 'invalid-argument'
  | 'invalid-message'
  | 'lease-lost'
  | 'mismatch'
  | 'not-found'
  | 'permission-denied'
  | 'rejected'
  | 'throttled'
  | 'timeout'
  | 'too-large'
  | 'unavailable'
  | 'unknown'
  | 'unknown-outcome'
  | 'unsupported';

export interface IntermodalErrorOptions {
  /** Whether the same call may succeed later without any change by the caller. */
  readonly retryable?: boolean;
  /** Name of the transport, `sqs` for instance. */
  readonly transport?: string;
  /** Queue, topic or channel that the error is about; never holds a credential. */
  readonly address?: string;
  /** The native error of the client library. */
  readonly cause?: unknown;
}

const errorBrand = Symbol.for('intermodal.error');
const rejectionBrand = Symbol.for('intermodal.rejection');

const retryableCodes: ReadonlySet<ErrorCode> = new Set(['throttled', 'unavailable', 'unknown']);

/**
 * The one error class. Branded by a global symbol, so `instanceof` holds across two installed copies.
 * Its message names the address and what to do next, and never holds a credential or a message body.
 */
export class IntermodalError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly transport: string | undefined;
  readonly address: string | undefined;

  constructor(code: ErrorCode, message: string, options: IntermodalErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? retryableCodes.has(code);
    this.transport = options.transport;
    this.address = options.address;
    brand(this, errorBrand);
  }

  override get name(): string {
    return 'IntermodalError';
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return hasBrand(value, errorBrand);
  }

  /** Narrows a caught value; `code` further limits it to one code. */
  static is(value: unknown, code?: ErrorCode): value is IntermodalError {
    return (
      hasBrand(value, errorBrand) &&
      (code === undefined || (value as IntermodalError).code === code)
    );
  }

  /** `value` itself if it is an IntermodalError, else an `unknown` error with `value` as its cause. */
  static from(
    value: unknown,
    options: IntermodalErrorOptions & { readonly code?: ErrorCode } = {},
  ): IntermodalError {
    if (IntermodalError.is(value)) return value;
    const text =
      value instanceof Error
        ? `${value.name}: ${value.message}`
        : 'a value that is not an Error was thrown';
    return new IntermodalError(options.code ?? 'unknown', text, { ...options, cause: value });
  }
}

/** Thrown by a handler: this message can never be processed. It goes to the dead letters at once, with `reason`. */
export class Rejection extends Error {
  readonly reason: string;

  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.reason = reason;
    brand(this, rejectionBrand);
  }

  override get name(): string {
    return 'Rejection';
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return hasBrand(value, rejectionBrand);
  }
}

function brand(target: object, symbol: symbol): void {
  Object.defineProperty(target, symbol, { value: true });
}

function hasBrand(value: unknown, symbol: symbol): boolean {
  return typeof value === 'object' && value !== null && symbol in value;
}
