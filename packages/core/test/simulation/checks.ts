/**
 * What a run is checked for, and what each rule means here. "Disturbed" is a message in a group that something happened to
 * which excuses a repeat: a lost lease, lane or connection, a fault of its settlement or dead letter, a second copy, a
 * process that crashed. Most rules hold whatever goes wrong; those that only hold undisturbed say so.
 */
export const checks = {
  // Publishing
  intact:
    "body, key, headers, id and channel are the publisher's, in the broker, at the handler and in a dead letter",
  'from-nowhere':
    'nothing is stored that was not published, and nothing is handled that the driver did not give',
  confirm: 'a publish resolves only when the broker has stored the message',
  'false-failure': 'a publish that fails with anything but `unknown-outcome` has stored nothing',
  'publish-order':
    'messages of one client, channel and key whose publishes resolved are first stored in the order of the calls',
  'publish-code': 'a publish fails only with a code that its documentation names',
  'publish-id': 'a publish resolves with the id that it was given',
  'publish-many':
    '`publishMany` has one outcome per message in input order, and rejects only on a closed client',
  'publish-time': 'a publish settles within its timeout',
  delay: 'nobody can see a message before `delayMs` from the call of publish',
  'send-limits': 'batches keep to count, bytes and calls under way',
  'send-lane': 'a lane is in one send at a time, and once in a batch of independent entries',
  'send-token': 'a sender is given only what it prepared itself',
  // Handlers
  order:
    'no handler starts on a message of a key before each one stored earlier with that key was worked on successfully in this group or is among its dead letters; repeats, and followers in the same call of a batch handler, are allowed',
  'order-settle': 'nor while one of the same receiver that started earlier is not settled',
  exclusive: 'a delivery has one handler call at a time',
  repeat: 'what was acked is not handled again by the same receiver; undisturbed, not by anyone',
  attempt: "`delivery.attempt` is the broker's count plus the local retries",
  attempts:
    'nothing is handled again after its last attempt has failed, unless its dead letter may have failed',
  'retry-delay':
    'nothing comes again before the delay of its retry, while this receiver still held it',
  'after-stop': 'no handler starts once stop was called',
  'after-settle': 'no handler starts on what core has settled',
  'after-loss': 'no handler starts on what core knows to be lost, or whose lease is over',
  foreign: 'control messages and undecodable ones reach no handler',
  concurrency: 'handler calls at once are at most `concurrency`',
  batch: 'a batch handler is given between one and `max` deliveries',
  consumer: 'a receiver serves one consumer',
  // Settling
  ack: 'an ack is sent when the handler has done its work, or when the broker has the dead letter',
  retry: 'a retry is sent for what a handler was called with and did not do',
  release: 'a release is sent only for what no handler was called with',
  'settle-once': 'a token is never settled in two ways, twice at once, or again after an answer',
  token: 'a receiver is given only tokens of its own, of what it has handed over',
  'settle-beside-extend': 'a lease is not extended while its delivery is being settled',
  'extend-after-settle': 'a lease is not extended after its delivery was settled',
  extend: 'an extension that the application asked for and that resolved lasts as long as it asked',
  'extend-twice': 'a lease is extended by one call at a time',
  'settle-limits': 'batches of settlements and extensions keep to their limit',
  'dead-letter':
    'a dead letter has its reason, origin and attempts, and follows from a rejection or a last failure; undisturbed, there is one',
  capability: 'core asks a receiver only for what it has',
  'settle-code':
    'a settlement by the application fails only with a code that its documentation names',
  lease: 'without a fault, no lease ends while core holds the delivery',
  prefetch: 'held and asked for together are at most `prefetch` at the end of each turn',
  'receive-limits': 'receives keep to their size and number',
  pause: 'a paused consumer asks for nothing',
  // Logs
  watermark:
    'a checkpoint covers only what is settled, never goes back, and is `end` only at the end',
  'last-checkpoint':
    'a lane is handed over, and a consumer stopped in time, with all of its settled prefix written',
  'checkpoint-twice': 'a lane has one checkpoint under way',
  'lane-running': '`onLane` resolves for a revoked or ended lane when none of its handlers runs',
  'lane-end': '`onLane` resolves for an ended lane when its end is written',
  'lane-rejected': '`onLane` does not reject',
  // Consumers and clients
  consume: 'without a fault, a consumer opens',
  'consume-code': 'a consumer that cannot open says so with a code that is documented',
  'receive-code': 'so does a pulled one',
  'return-code': 'and so does leaving its loop',
  done: 'a consumer that was open does not give up',
  stop: 'stop does not reject',
  'stop-time': 'stop resolves by its deadline',
  stranded: 'what a stopped consumer still holds at the broker is in its report as abandoned',
  close: 'close does not reject',
  'close-time': 'close resolves by its deadline',
  'driver-close': 'close closes the driver',
  timers: 'a closed client has no timer',
  unsettled: 'every promise settles, and every connection is closed in the end',
  'after-close': 'nothing is asked of what was closed',
  unhandled: 'no rejection is left unhandled',
  thrown: 'the simulation itself does not fail',
  // The whole run
  loss: 'what the broker took, each group has done or has among its dead letters',
  liveness: 'when nothing goes wrong any more, everything gets done',
} as const satisfies Record<string, string>;

export type Check = keyof typeof checks;
