import { type ErrorCode, IntermodalError } from '@intermodal/core/driver';

interface Meaning {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  /** What happened and what to do. */
  readonly text: string;
}

function final(code: ErrorCode, text: string): Meaning {
  return { code, retryable: false, text };
}

function passing(text: string): Meaning {
  return { code: 'unavailable', retryable: true, text };
}

const missing = final('not-found', 'there is no such exchange or queue: provision it');
const cut = passing('the connection broke');
const forbidden = final(
  'permission-denied',
  'the login was refused, or this user may not do that: check the credentials, the vhost and the permissions in the README of @intermodal/amqp1',
);
const refusedLogin = final('permission-denied', 'the login was refused: check the credentials');
const tooLarge = final(
  'too-large',
  'the message is larger than the broker takes: set maxMessageBytes',
);
const unreadable = passing(
  'the other side could not read what it was sent, or sent what cannot be read',
);
const unknown: Meaning = {
  code: 'unknown',
  retryable: true,
  text: 'it failed in a way that is not known',
};

/** @see https://docs.oasis-open.org/amqp/core/v1.0/os/amqp-core-transport-v1.0-os.html#type-amqp-error */
const conditions: ReadonlyMap<string, Meaning> = new Map([
  ['amqp:internal-error', passing('the broker failed')],
  ['amqp:not-found', missing],
  ['amqp:unauthorized-access', forbidden],
  ['amqp:decode-error', unreadable],
  ['amqp:resource-limit-exceeded', passing('a limit of the broker is reached')],
  [
    'amqp:not-allowed',
    final(
      'permission-denied',
      'the broker does not allow it: the vhost may not exist, or not for this user',
    ),
  ],
  ['amqp:invalid-field', final('invalid-argument', 'the broker refused a field of the command')],
  ['amqp:not-implemented', final('unsupported', 'the broker cannot do that')],
  ['amqp:resource-locked', passing('another connection has it for itself')],
  [
    'amqp:precondition-failed',
    final(
      'mismatch',
      'it exists with other properties: delete it, or change the options to what it is',
    ),
  ],
  ['amqp:resource-deleted', final('not-found', 'the exchange or queue was deleted: provision it')],
  ['amqp:illegal-state', passing('the broker refused the command for now')],
  ['amqp:frame-size-too-small', tooLarge],
  [
    'amqp:connection:forced',
    passing('the broker closed the connection, as it does when it is shut down'),
  ],
  ['amqp:connection:framing-error', unreadable],
  ['amqp:connection:redirect', passing('the broker names another host')],
  ['amqp:session:window-violation', unreadable],
  ['amqp:session:errant-link', unreadable],
  ['amqp:session:handle-in-use', unreadable],
  ['amqp:session:unattached-handle', unreadable],
  ['amqp:link:detach-forced', passing('the broker detached the link')],
  ['amqp:link:transfer-limit-exceeded', unreadable],
  ['amqp:link:message-size-exceeded', tooLarge],
  ['amqp:link:redirect', passing('the broker names another host')],
  ['amqp:link:stolen', passing('another link of the same name took its place')],
]);

/** What a condition leaves open, or an error without one; there are only words for it. */
const sayings: readonly (readonly [RegExp, Meaning])[] = [
  [/^Failed to authenticate|^No suitable mechanism|^SASL mechanism/, refusedLogin],
  [/max idle time exceeded|ETIMEDOUT|did not answer/, passing('the broker does not answer')],
  [
    /^Invalid protocol header|protocol header|^Invalid AMQP version|^Invalid protocol/i,
    final(
      'unsupported',
      'the other side does not speak AMQP 1.0: RabbitMQ 3 needs the plug-in rabbitmq_amqp1_0',
    ),
  ],
];

const unreachable = passing('the broker cannot be reached: check hosts, port and network');
const untrusted = final(
  'unavailable',
  'the TLS certificate of the broker is not trusted, or not for this name: see the option tls',
);
const noTls = final('unavailable', 'the other side does not speak TLS: check tls and the port');

/** What was asked for. */
export interface Asked {
  /** The exchange, topic, queue or host, as a phrase. */
  readonly name: string;
}

/** Of anything that rhea, its links or the socket throw or tell. */
export function mapError(cause: unknown, { name }: Asked): IntermodalError {
  if (IntermodalError.is(cause)) return cause;
  const { code, retryable, text } = meaningOf(cause);
  return new IntermodalError(code, `${name}: ${text}`, {
    retryable,
    transport: 'amqp1',
    address: name,
    cause,
  });
}

interface Described {
  readonly condition?: unknown;
  readonly description?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly syscall?: unknown;
}

function meaningOf(cause: unknown): Meaning {
  if (typeof cause !== 'object' || cause === null) return unknown;
  const { condition, description, message, code, syscall } = cause as Described;
  const words = textOf(description) ?? textOf(message) ?? '';
  const said = sayings.find(([pattern]) => pattern.test(words))?.[1];
  if (said !== undefined) return said;
  const named = typeof condition === 'string' ? conditions.get(condition) : undefined;
  if (named !== undefined) return named;
  if (syscall === 'connect' || syscall === 'getaddrinfo' || cause instanceof AggregateError)
    return unreachable;
  if (typeof code === 'string') return byCode(code);
  return cause instanceof Error && condition === undefined ? cut : unknown;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function byCode(code: string): Meaning {
  if (code.startsWith('ERR_SSL_') && code.includes('WRONG_VERSION')) return noTls;
  if (/^CERT_|^ERR_TLS_CERT|^UNABLE_TO_|SELF_SIGNED|^ERR_SSL_.*CERT/.test(code)) return untrusted;
  return cut;
}
