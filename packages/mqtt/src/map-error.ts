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

const refusedLogin = final('permission-denied', 'the login was refused: check the credentials');
const forbidden = final(
  'permission-denied',
  'this user may not do that: check the permissions in the README of @intermodal/mqtt',
);
const otherProtocol = final(
  'unsupported',
  'the broker does not speak this version of MQTT: set protocol to the other one',
);
const badClientId = final(
  'invalid-argument',
  'the broker refuses the client id: set clientIdPrefix',
);
const busy = passing('the broker takes no connection for now');
const full = passing('a limit of the broker is reached');
const unreadable = passing(
  'the other side could not read what it was sent, or sent what cannot be read',
);
const cut = passing('the connection broke');
const silent = passing('the broker does not answer');
const tooLarge = final(
  'too-large',
  'the message is larger than the broker takes: set maxMessageBytes',
);
const badTopic = final('invalid-argument', 'the broker refuses the topic');
const takenOver = passing('another connection with the same client id took the session over');
const unknown: Meaning = {
  code: 'unknown',
  retryable: true,
  text: 'it failed in a way that is not known',
};

/** Of CONNACK in 3.1.1; MQTT.js tells them like the others, and all are below 128. */
const returnCodes: ReadonlyMap<number, Meaning> = new Map([
  [1, otherProtocol],
  [2, badClientId],
  [3, busy],
  [4, refusedLogin],
  [5, refusedLogin],
]);

export const noMatchingSubscribers = 16;
export const sessionTakenOver = 142;

/** @see https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901031 */
const reasonCodes: ReadonlyMap<number, Meaning> = new Map([
  [
    noMatchingSubscribers,
    final('not-found', 'nobody has subscribed to it, so it was dropped: provision a group'),
  ],
  // All that 3.1.1 can say of a subscription; brokers mean permissions by it.
  [128, forbidden],
  [129, unreadable],
  [130, unreadable],
  [131, passing('the broker refused it for a reason of its own')],
  [132, otherProtocol],
  [133, badClientId],
  [134, refusedLogin],
  [135, forbidden],
  [136, busy],
  [137, busy],
  [138, final('permission-denied', 'the broker has banned this client')],
  [139, passing('the broker is being shut down')],
  [140, refusedLogin],
  [141, silent],
  [sessionTakenOver, takenOver],
  [143, badTopic],
  [144, badTopic],
  [147, full],
  [149, tooLarge],
  [150, full],
  [151, full],
  [152, passing('the connection was closed by an administrator')],
  [153, final('rejected', 'the broker refuses the body for its format')],
  [154, final('unsupported', 'the broker keeps no retained messages: leave retain out')],
  [155, final('unsupported', 'the broker has no QoS 1')],
  [156, passing('the broker names another server')],
  [157, final('unavailable', 'the broker has moved: change hosts')],
  [158, final('unsupported', 'the broker has no shared subscriptions: leave member out')],
  [159, full],
  [160, passing('the broker ended the connection at its age')],
  [162, final('unsupported', 'the broker has no wildcard subscriptions')],
]);

const unreachable = passing('the broker cannot be reached: check hosts, port and network');
const untrusted = final(
  'unavailable',
  'the TLS certificate of the broker is not trusted, or not for this name: see the option tls',
);
const noTls = final('unavailable', 'the other side does not speak TLS: check tls and the port');
const noWebSocket = final(
  'unavailable',
  'the other side is no WebSocket of MQTT: check webSocket, its path and the port',
);

/** Of anything that MQTT.js or the socket throws or tells. `name` is what was asked for, as a phrase. */
export function mapError(cause: unknown, name: string): IntermodalError {
  if (IntermodalError.is(cause)) return cause;
  const { code, retryable, text } = meaningOf(cause);
  return new IntermodalError(code, `${name}: ${text}`, {
    retryable,
    transport: 'mqtt',
    address: name,
    cause,
  });
}

/** Of a reason code alone, as DISCONNECT and PUBACK have it. */
export function reasonError(reason: number, name: string): IntermodalError {
  return mapError({ code: reason }, name);
}

interface Described {
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly message?: unknown;
}

function meaningOf(cause: unknown): Meaning {
  if (typeof cause !== 'object' || cause === null) return unknown;
  const { code, syscall, message } = cause as Described;
  if (typeof code === 'number') return returnCodes.get(code) ?? reasonCodes.get(code) ?? unknown;
  if (syscall === 'connect' || syscall === 'getaddrinfo' || cause instanceof AggregateError)
    return unreachable;
  if (typeof code === 'string') return byCode(code);
  return cause instanceof Error ? byWords(String(message)) : unknown;
}

function byCode(code: string): Meaning {
  if (code.startsWith('ERR_SSL_') && code.includes('WRONG_VERSION')) return noTls;
  if (/^CERT_|^ERR_TLS_CERT|^UNABLE_TO_|SELF_SIGNED|^ERR_SSL_.*CERT/.test(code)) return untrusted;
  return code === 'ETIMEDOUT' ? silent : cut;
}

/** What MQTT.js and its WebSocket have no code for. */
function byWords(words: string): Meaning {
  if (/timeout|did not answer/i.test(words)) return silent;
  if (/Unexpected server response|subprotocol/.test(words)) return noWebSocket;
  if (/^(?:Protocol error|Invalid|Unacceptable|Not )/.test(words)) return unreadable;
  return cut;
}
