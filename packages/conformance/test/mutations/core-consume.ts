import { type Defect, edit } from './defect.ts';

/** Defects in the consuming half of core. */
export const consumeDefects: readonly Defect[] = [
  {
    rule: 'R1',
    in: 'core',
    name: 'a message is acked before its handler runs',
    edits: [
      edit(
        'run-each',
        '    engine.started(held, handle);\n',
        '    engine.started(held, handle);\n    void handle.ack();\n',
      ),
    ],
  },
  {
    rule: 'R2',
    in: 'core',
    name: 'leases are not renewed',
    edits: [edit('leases', '        queueMicrotask(renew);\n', '')],
  },
  {
    rule: 'R3',
    in: 'core',
    name: 'a lost lease does not abort the signal',
    edits: [edit('holding', '    held.handle?.abort(held.handle.leaseLost());\n', '')],
  },
  {
    rule: 'R3',
    in: 'core',
    name: 'the ack of a lost delivery resolves',
    edits: [
      edit(
        'delivery-handle',
        'return Promise.reject(this.leaseLost());',
        'return Promise.resolve();',
      ),
    ],
  },
  {
    rule: 'R4',
    in: 'core',
    name: 'ack resolves before the broker has answered',
    edits: [
      edit(
        'settling',
        'send(held, ack, onAcked, handle);',
        "handle.conclude('done');\n      send(held, ack, onAcked, handle);",
      ),
    ],
  },
  {
    rule: 'R4',
    in: 'core',
    name: 'a failed settlement does not show in the signal',
    edits: [edit('settling', 'handle.abort(outcome.failed);', '')],
  },
  {
    rule: 'R3',
    in: 'core',
    name: 'a settlement that came too late is told as done',
    edits: [
      edit(
        'settling',
        "} else if (outcome === 'lost') {",
        "} else if (typeof outcome === 'string') {\n      handle.conclude('done');\n    } else if (outcome === 'lost') {",
      ),
    ],
  },
  {
    rule: 'R4',
    in: 'core',
    name: 'a settlement that failed is told as done',
    edits: [edit('settling', "    if (outcome === 'done') {", "    if (outcome !== 'lost') {")],
  },
  {
    rule: 'R4',
    in: 'core',
    on: 'log',
    name: 'stop does not write the last checkpoint',
    edits: [
      edit('wind-down', '  await Promise.race([logLanes.checkpoints?.writeAll(), over]);\n', ''),
    ],
  },
  {
    rule: 'R5',
    in: 'core',
    name: 'settling twice alike settles twice',
    edits: [
      edit(
        'delivery-handle',
        'if (alike(first, intent)) return this.#settled();',
        'if (alike(first, intent)) return Promise.resolve();',
      ),
    ],
  },
  {
    rule: 'R5',
    in: 'core',
    name: 'a second settlement that differs is taken for the first',
    edits: [
      edit(
        'delivery-handle',
        '      const text = `this delivery was settled before',
        '      return this.#settled();\n      const text = `this delivery was settled before',
      ),
    ],
  },
  {
    rule: 'R7',
    in: 'core',
    name: 'more is fetched than fits into prefetch',
    edits: [
      edit(
        'fetcher',
        'const free = prefetch - options.held() - credit.requested;',
        'const free = prefetch + 5 - options.held() - credit.requested;',
      ),
    ],
  },
  {
    rule: 'R7',
    in: 'core',
    name: 'a change of concurrency has no effect',
    edits: [edit('consumer-engine', 'concurrency = Math.min(next, plan.prefetch);', '')],
  },
  {
    rule: 'R8',
    in: 'core',
    name: 'every consumer is in the group that has the name of its channel',
    edits: [
      edit(
        'consuming',
        'const group = options.group ?? source.name;',
        'const group = source.name;',
      ),
    ],
  },
  {
    rule: 'R9',
    in: 'core',
    name: 'a retry by the broker forgets its delay',
    edits: [
      edit('retrying', '      retryAtBroker(handle, delayMs);', '      retryAtBroker(handle, 0);'),
    ],
  },
  {
    rule: 'R9',
    in: 'core',
    on: 'plain',
    name: 'a local retry forgets its delay',
    edits: [
      edit(
        'retrying',
        'setAlarm(wheel, held, notBefore, () => {',
        'setAlarm(wheel, held, clock.now(), () => {',
      ),
    ],
  },
  {
    rule: 'R9',
    in: 'core',
    on: 'pushed',
    name: 'a broker that cannot wait is asked to retry at once',
    edits: [
      edit(
        'retrying',
        "if (capabilities.retry === 'delayed' || delayMs === 0) {",
        'if (delayMs >= 0) {',
      ),
    ],
  },
  {
    rule: 'R9',
    in: 'core',
    name: 'a failing key holds up all keys',
    edits: [
      edit('held', 'return wire.lane;', "return wire.lane === undefined ? undefined : 'all';"),
    ],
  },
  {
    rule: 'R9',
    in: 'core',
    on: 'log',
    name: 'a retry gets the body that the handler changed',
    edits: [
      edit(
        'handing',
        'body = decodeBody(plan.source, message);',
        'body = held.body ??= decodeBody(plan.source, message);',
      ),
    ],
  },
  {
    rule: 'R9',
    in: 'core',
    name: 'a handler whose time is over is not told',
    edits: [edit('handler-calls', 'handle.abort(error);', '')],
  },
  {
    rule: 'R10',
    in: 'core',
    name: 'a rejected message is acked, and no dead letter is stored',
    edits: [
      edit(
        'settling',
        'const failure = await deadLetters.store(held, handle.attempt, reason);',
        'const failure = undefined;',
      ),
    ],
  },
  {
    rule: 'R10',
    in: 'core',
    name: 'a message is dropped when its dead letter cannot be stored',
    edits: [
      edit(
        'settling',
        'else keepForLater(handle, failure);',
        "else pass(handle, 'dead-lettered', reason);",
      ),
    ],
  },
  {
    rule: 'R10',
    in: 'core',
    name: 'reject resolves although no dead letter was stored',
    edits: [
      edit(
        'settling',
        'handle.conclude(error); handle.intent',
        "handle.conclude('done'); handle.intent",
      ),
    ],
  },
  {
    rule: 'R10',
    in: 'core',
    name: 'a failing message has one attempt too many',
    edits: [
      edit(
        'settling',
        'handle.attempt < policy.maxAttempts',
        'handle.attempt <= policy.maxAttempts',
      ),
    ],
  },
  {
    rule: 'R10',
    in: 'core',
    name: 'a dead letter has no reason',
    edits: [edit('dead-letters', "    headers.set('imreason', reason);\n", '')],
  },
  {
    rule: 'R10',
    in: 'core',
    name: 'a dead letter is stored twice',
    edits: [
      edit(
        'settling',
        'const failure = await deadLetters.store(held, handle.attempt, reason);',
        'await deadLetters.store(held, handle.attempt, reason);\n    const failure = await deadLetters.store(held, handle.attempt, reason);',
      ),
    ],
  },
  {
    rule: 'R10',
    in: 'core',
    name: 'a consumer starts although its dead letters have no place',
    edits: [edit('client', 'await deadLettersReachable(settings, source, plan.group);', '')],
  },
  {
    rule: 'R11',
    in: 'core',
    name: 'an undecodable message is acked away',
    edits: [
      edit(
        'handing',
        '  engine.refuse(held, handle, error);',
        "  handle.intent = { action: 'ack' };\n  held.handle = handle;\n  engine.owner.settle(handle, handle.intent);",
      ),
    ],
  },
  {
    rule: 'R11',
    in: 'codec',
    name: 'the JSON codec gives nothing for what is not JSON',
    edits: [
      edit(
        'codec',
        "throw new IntermodalError('invalid-message', 'the body is not valid JSON');",
        'return undefined;',
      ),
      edit('codec', '      if (IntermodalError.is(cause)) throw cause;\n', ''),
    ],
  },
  {
    rule: 'R12',
    in: 'core',
    name: 'stop does not wait for handlers',
    edits: [
      edit('wind-down', '  await Promise.race([runner.drain(), over]);\n', ''),
      edit('wind-down', '  await Promise.race([holding.untilEmpty(), over]);\n', ''),
    ],
  },
  {
    rule: 'R12',
    in: 'core',
    name: 'what was fetched and not started is left to the end of its lease',
    edits: [edit('wind-down', '  holding.giveBackUnstarted();\n', '')],
  },
  {
    rule: 'R13',
    in: 'core',
    name: 'pause changes nothing',
    edits: [
      edit(
        'consumer-engine',
        "      if (state !== 'open') return;\n",
        "      if (state !== 'none') return;\n",
      ),
    ],
  },
  {
    rule: 'R13',
    in: 'core',
    name: 'what was paused cannot be resumed',
    edits: [edit('consumer-engine', '      fetcher.resume();\n', '')],
  },
  {
    rule: 'R14',
    in: 'core',
    name: 'a consumer that cannot go on only stops',
    edits: [edit('consumer-engine', '    done.reject(error);\n', '')],
  },
  {
    rule: 'O1',
    in: 'core',
    on: 'log',
    name: 'handlers of one key run side by side',
    edits: [edit('lanes', '        lane.push(held);\n        return;', '        lane.push(held);')],
  },
  {
    rule: 'O2',
    in: 'core',
    on: 'log',
    name: 'the followers of a failed message go on while it waits',
    edits: [
      edit(
        'retrying',
        '    held.waiting = true;\n',
        '    held.waiting = true;\n    lanes.done(held);\n',
      ),
    ],
  },
  {
    rule: 'O2',
    in: 'core',
    on: 'batched',
    name: 'the followers of a message that goes back for a retry stay and are handled',
    edits: [
      edit(
        'retrying',
        'const followers = lanes.takeFollowers(held);',
        'const followers: Held[] = [];',
      ),
    ],
  },
  {
    rule: 'O4',
    in: 'core',
    on: 'plain',
    name: 'a channel that needs order may be published where there is none',
    edits: [
      edit(
        'publisher',
        "    if (channel.order === 'key')\n",
        "    if (channel.order === 'none-of-these')\n",
      ),
    ],
  },
  {
    rule: 'L1',
    in: 'core',
    on: 'log',
    name: 'the checkpoint follows the last message that was settled',
    edits: [edit('watermark', 'if (marks[first] === mark) advance();', 'reached = mark.token;')],
  },
  {
    rule: 'L1',
    in: 'core',
    on: 'log',
    name: 'a message that must block becomes a dead letter',
    edits: [edit('settling', "if (plan.onFailure === 'dead-letter') return", 'return')],
  },
  {
    rule: 'L1',
    in: 'core',
    on: 'log',
    name: 'a shard that is blocked goes on',
    edits: [edit('blocking', '      lanes.stop(lane, held);\n', '')],
  },
  {
    rule: 'R9',
    in: 'core',
    on: 'log',
    name: 'what blocks fails whole batches with it',
    edits: [edit('run-batch', 'if (next.blocking || batch.length', 'if (batch.length')],
  },
  {
    rule: 'L2',
    in: 'core',
    on: 'log',
    name: 'a message counts as settled when it arrives',
    edits: [
      edit(
        'consumer-engine',
        'held.passed = checkpoints.arrive(wire.lane, wire.token);',
        'held.passed = checkpoints.arrive(wire.lane, wire.token);\n        held.passed();',
      ),
    ],
  },
  {
    rule: 'L3',
    in: 'core',
    on: 'log',
    name: 'the end of a lane is written before its messages are done',
    edits: [
      edit(
        'log-lanes',
        'await Promise.race([holding.untilLaneEmpty(lane), mine.lost.promise]);',
        "if (state !== 'ended') await holding.untilLaneEmpty(lane);",
      ),
      edit(
        'checkpoints',
        "lane.state === 'ended' && lane.watermark.size === 0 ? 'end'",
        "lane.state === 'ended' ? 'end'",
      ),
      edit(
        'checkpoints',
        '        if (lane.watermark.size === 0) void write(lane);\n',
        '        void write(lane);\n',
      ),
    ],
  },
  {
    rule: 'L4',
    in: 'core',
    on: 'log',
    name: 'a lost lane is not taken from its handlers',
    edits: [
      edit(
        'log-lanes',
        "      if (state === 'lost') {\n        lose(lane);",
        "      if (state === 'lost') {",
      ),
    ],
  },
  {
    rule: 'F2',
    in: 'core',
    name: 'a lost connection is not opened again',
    edits: [edit('link', '    if (!options.wanted()) return;\n', '    return;\n')],
  },
  {
    rule: 'C1',
    in: 'core',
    on: 'plain',
    name: 'a delay that the transport cannot keep is ignored',
    edits: [
      edit('settings', "    needs(capabilities.delay, 'delayMs', 'delay', transport);\n", ''),
    ],
  },
  {
    rule: 'C1',
    in: 'core',
    on: 'plain',
    name: 'require gives whatever is asked',
    edits: [
      edit(
        'client',
        'if (capabilities[name as keyof Capabilities] === value) continue;',
        'continue;',
      ),
    ],
  },
];
