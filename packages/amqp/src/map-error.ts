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
const differs = final(
  'mismatch',
  'it exists with other properties: delete it, or change the options to what it is',
);
const refusedLogin = final(
  'permission-denied',
  'the login was refused: check the credentials, and that the user may use the vhost',
);
const refusedVhost = final(
  'permission-denied',
  'the vhost was refused: it does not exist, this user may not use it, or it has all the connections it may have',
);
const cut = passing('the connection broke');
const unknown: Meaning = {
  code: 'unknown',
  retryable: true,
  text: 'it failed in a way that is not known',
};

/** @see https://www.rabbitmq.com/amqp-0-9-1-reference#constants */
const replies: ReadonlyMap<number, Meaning> = new Map([
  [200, passing('the broker closed it')],
  [311, final('too-large', 'the message is larger than the broker takes')],
  [312, final('not-found', 'no queue is bound there: provision a group')],
  [313, passing('nobody consumes there')],
  [320, passing('the broker closed the connection, as it does when it is shut down')],
  [402, refusedVhost],
  [
    403,
    final(
      'permission-denied',
      'this user may not do that: see the permissions in the README of @intermodal/amqp',
    ),
  ],
  [404, missing],
  [405, passing('another connection has it for itself')],
  [406, differs],
  [501, passing('the connection broke off with a frame that the other side could not read')],
  [502, final('invalid-message', 'the broker could not read the message')],
  [503, final('invalid-argument', 'the broker refused the command')],
  [504, passing('the channel was closed')],
  [505, passing('the broker sent a frame out of turn')],
  [506, passing('the broker has no resources for it')],
  [530, refusedVhost],
  [540, final('unsupported', 'the broker cannot do that')],
  [541, passing('the broker failed')],
]);

/** What a reply code leaves open; RabbitMQ has only words for it. */
const words: readonly (readonly [number, RegExp, Meaning])[] = [
  [404, /down or inaccessible|not available|process/i, passing('its node is down for now')],
  [406, /unknown delivery tag/i, passing('the channel was closed for an unknown delivery tag')],
  [
    406,
    /acknowledgement on channel|timed out/i,
    passing('a delivery was held beyond the consumer_timeout of the broker: raise it'),
  ],
  [
    406,
    /message size/i,
    final('too-large', 'the message is larger than the broker takes: set maxMessageBytes'),
  ],
  [
    406,
    /invalid (message|expiration)/i,
    final('invalid-message', 'the broker refused the message'),
  ],
];

/** Errors that amqplib makes itself, without a code. */
const sayings: readonly (readonly [RegExp, Meaning])[] = [
  [/^Expected ConnectionOpenOk/, refusedVhost],
  [
    /^SASL mechanism/,
    final('permission-denied', 'the broker does not take this kind of credentials'),
  ],
  [/ETIMEDOUT|Heartbeat timeout/, passing('the broker does not answer')],
  [/^Socket closed abruptly|^Unexpected close|^Channel|^Connection clos|channel closed/, cut],
  [/^No channels left/, passing('the connection has no channel left')],
];

const unreachable = passing('the broker cannot be reached: check hosts, port and network');
const untrusted = final(
  'unavailable',
  'the TLS certificate of the broker is not trusted, or not for this name: see the option tls',
);
const noTls = final('unavailable', 'the other side does not speak TLS: check tls and the port');

/** What is asked, and of what. */
export interface Place {
  /** The exchange, queue or host, as a phrase. */
  readonly name: string;
  /** Opening again declares what is missing. */
  readonly isMendable?: boolean;
}

/** Of anything that amqplib, its channels or the socket throw. */
export function mapError(cause: unknown, place: Place): IntermodalError {
  if (IntermodalError.is(cause)) return cause;
  const meaning = meaningOf(cause);
  const retryable =
    meaning.retryable || (meaning.code === 'not-found' && place.isMendable === true);
  return new IntermodalError(meaning.code, `${place.name}: ${meaning.text}`, {
    retryable,
    transport: 'amqp',
    address: place.name,
    cause,
  });
}

function meaningOf(cause: unknown): Meaning {
  if (!(cause instanceof Error)) return unknown;
  const { code, syscall } = cause as { readonly code?: unknown; readonly syscall?: unknown };
  if (typeof code === 'number') return byReply(code, cause.message);
  const refused = /^Handshake terminated by server: (\d{3})/.exec(cause.message);
  if (refused !== null)
    return refused[1] === '403' ? refusedLogin : byReply(Number(refused[1]), cause.message);
  if (syscall === 'connect' || syscall === 'getaddrinfo' || cause instanceof AggregateError)
    return unreachable;
  if (typeof code === 'string') return byCode(code);
  return sayings.find(([pattern]) => pattern.test(cause.message))?.[1] ?? unknown;
}

function byReply(code: number, message: string): Meaning {
  const said = words.find(([reply, pattern]) => reply === code && pattern.test(message));
  return said?.[2] ?? replies.get(code) ?? unknown;
}

function byCode(code: string): Meaning {
  if (code.startsWith('ERR_SSL_') && code.includes('WRONG_VERSION')) return noTls;
  if (/^CERT_|^ERR_TLS_CERT|^UNABLE_TO_|SELF_SIGNED|^ERR_SSL_.*CERT/.test(code)) return untrusted;
  return cut;
}
