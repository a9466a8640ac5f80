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
  'this user may not do that: see the permissions in the README of @intermodal/stomp',
);
const refusedLogin = final(
  'permission-denied',
  'the login was refused, or not for this vhost: check the credentials',
);
const tooLarge = final(
  'too-large',
  'the message is larger than the broker takes: set maxMessageBytes',
);
const unreadable = passing('the broker could not read what it was sent');
const unknown: Meaning = {
  code: 'unknown',
  retryable: true,
  text: 'it failed in a way that is not known',
};

/**
 * Of ERROR frames there are only words, RabbitMQ's for a machine and ActiveMQ's for people.
 *
 * @see https://github.com/apache/activemq/tree/main/activemq-stomp
 */
const sayings: readonly (readonly [RegExp, Meaning])[] = [
  [/^not_found$/, missing],
  [/^access_refused$/, forbidden],
  [/^Bad CONNECT$|^User name or password is invalid|^Invalid client ID/s, refusedLogin],
  [/is not authorized to/, forbidden],
  [
    /^precondition_failed$/,
    final(
      'mismatch',
      'it exists with other properties: delete it, or change the options to what it is',
    ),
  ],
  [
    /^Broker: .* Client: .* already connected|^Durable consumer is in use/s,
    final(
      'rejected',
      'the durable subscription has a consumer already: it has one at a time, so use a virtual topic for groups with several',
    ),
  ],
  [
    /^(?:resource_error|resource_locked|internal_error|connection_forced)$|Usage Manager|Store is Full|ResourceAllocation/i,
    { code: 'throttled', retryable: true, text: 'a limit of the broker is reached' },
  ],
  [/maximum data length|max_frame_size|frame size|[Mm]essage.*too large/i, tooLarge],
  [
    /maximum (?:header length|number of headers)/,
    final('too-large', 'it has more or longer headers than the broker takes'),
  ],
  [
    /^(?:Unknown destination|Invalid destination|Invalid header|Invalid header name)$/,
    final('invalid-argument', 'the broker refused the destination or a header: check naming'),
  ],
  [/ETIMEDOUT|did not answer/, passing('the broker does not answer')],
  [
    /^Unexpected N?ACK/,
    final('lease-lost', 'the broker knows nothing of that delivery on this connection'),
  ],
  [
    /scheduled repeat value|Invalid selector|Cannot publish to|^Message .*rejected/i,
    final('rejected', 'the broker refused the message'),
  ],
  [/^Unknown STOMP action|^Illegal|^Processing error/, unreadable],
  [
    /^Unexpected server response/,
    final('unavailable', 'there is no STOMP over WebSocket: check port and path'),
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

/** Of an ERROR frame, a socket's error, or anything else that ends a connection. */
export function mapError(cause: unknown, { name }: Asked): IntermodalError {
  if (IntermodalError.is(cause)) return cause;
  const { code, retryable, text } = meaningOf(cause);
  return new IntermodalError(code, `${name}: ${text}`, {
    retryable,
    transport: 'stomp',
    address: name,
    cause,
  });
}

interface Described {
  readonly message?: unknown;
  readonly code?: unknown;
  readonly syscall?: unknown;
}

function meaningOf(cause: unknown): Meaning {
  if (typeof cause !== 'object' || cause === null) return unknown;
  const { message, code, syscall } = cause as Described;
  const words = typeof message === 'string' ? message : '';
  const said = sayings.find(([pattern]) => pattern.test(words))?.[1];
  if (said !== undefined) return said;
  if (cause instanceof BrokerError) return unknown;
  if (syscall === 'connect' || syscall === 'getaddrinfo' || cause instanceof AggregateError)
    return unreachable;
  if (typeof code === 'string') return byCode(code);
  return cause instanceof Error ? cut : unknown;
}

function byCode(code: string): Meaning {
  if (code.startsWith('ERR_SSL_') && code.includes('WRONG_VERSION')) return noTls;
  if (/^CERT_|^ERR_TLS_CERT|^UNABLE_TO_|SELF_SIGNED|^ERR_SSL_.*CERT/.test(code)) return untrusted;
  return cut;
}

const quoted = /^(Unknown STOMP action|User name).*?(?= or password|$)/s;

/** What the broker said in an ERROR frame, without its body and what it quotes: that may be of a message or a login. */
export class BrokerError extends Error {
  constructor(message: string) {
    super(message.replace(quoted, '$1'));
    this.name = 'BrokerError';
  }
}
