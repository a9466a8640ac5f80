import { type Defect, edit } from './defect.ts';

/** Defects in the publishing half of core, and in its codecs. */
export const publishDefects: readonly Defect[] = [
  {
    rule: 'P1',
    in: 'core',
    name: 'publish resolves when the message is handed to the driver',
    edits: [
      edit(
        'publish-dispatch',
        '      pending.sending = true;\n',
        '      pending.sending = true;\n      options.finish(pending, { id: pending.message.id });\n',
      ),
    ],
  },
  {
    rule: 'P2',
    in: 'codec',
    name: 'the bytes codec takes every body for UTF-8',
    edits: [
      edit('codec', ': copyBytes(body)),', ': encoder.encode(new TextDecoder().decode(body))),'),
    ],
  },
  {
    rule: 'P2',
    in: 'codec',
    name: 'the text codec trims',
    edits: [edit('codec', '  decode: bodyText,\n', '  decode: (body) => bodyText(body).trim(),\n')],
  },
  {
    rule: 'P3',
    in: 'core',
    name: 'header names are lower-cased',
    edits: [
      edit(
        'header-packing',
        'checked.set(name as string,',
        'checked.set(String(name).toLowerCase(),',
      ),
    ],
  },
  {
    rule: 'P3',
    in: 'core',
    name: 'a user header may take the place of one of Intermodal’s own',
    edits: [edit('header-packing', 'reservedNames.has(name.toLowerCase())', 'false')],
  },
  {
    rule: 'P4',
    in: 'core',
    name: 'what is sent again has lost its delay',
    edits: [
      edit(
        'publish-dispatch',
        '      lanes.unhold(pending);\n',
        '      pending.prepared = options.sender()?.prepare({ ...pending.message, delayMs: undefined });\n      lanes.unhold(pending);\n',
      ),
    ],
  },
  {
    rule: 'P4',
    in: 'core',
    name: 'what is sent again has lost its headers',
    edits: [
      edit(
        'publish-dispatch',
        '      lanes.unhold(pending);\n',
        '      pending.prepared = options.sender()?.prepare({ ...pending.message, headers: new Map() });\n      lanes.unhold(pending);\n',
      ),
    ],
  },
  {
    rule: 'P4',
    in: 'core',
    name: 'one failed entry fails its whole batch, which is sent again',
    edits: [
      edit(
        'publish-dispatch',
        'const outcome = outcomes[index] ?? errors.missingOutcome();',
        'const outcome = outcomes.find((each) => !each.ok) ?? outcomes[index];',
      ),
    ],
  },
  {
    rule: 'P4',
    in: 'core',
    on: 'batched',
    name: 'batches are split by count, but not by bytes',
    edits: [
      edit(
        'publish-lanes',
        'return prepared?.bytes ?? 0;',
        'return prepared === undefined ? 0 : 0;',
      ),
    ],
  },
  {
    rule: 'P4',
    in: 'core',
    name: 'a message that cannot be sent fails those that were published with it',
    edits: [
      edit(
        'publisher',
        'return { ok: false, id, error: IntermodalError.from(error) };',
        'throw error;',
      ),
    ],
  },
  {
    rule: 'P5',
    in: 'core',
    name: 'a message that was refused for good is sent again and again',
    edits: [
      edit('publish-dispatch', "(outcome.certainty === 'rejected' && !error.retryable)", 'false'),
    ],
  },
  {
    rule: 'P6',
    in: 'core',
    name: 'no answer counts as success',
    edits: [
      edit(
        'publish-dispatch',
        'if (outcome.ok) {',
        "if (outcome.ok || outcome.certainty === 'unknown') {",
      ),
    ],
  },
  {
    rule: 'P6',
    in: 'core',
    name: 'without an answer the message is sent again under another id',
    edits: [
      edit(
        'publish-dispatch',
        '      lanes.unhold(pending);\n',
        '      pending.prepared = options.sender()?.prepare({ ...pending.message, id: crypto.randomUUID() });\n      lanes.unhold(pending);\n',
      ),
    ],
  },
  {
    rule: 'P6',
    in: 'core',
    name: 'a publish that is given up after hand-off says that nothing was sent',
    edits: [
      edit(
        'publish-queue',
        'const handedOver = pending.sending || pending.uncertain;',
        'const handedOver = false;',
      ),
    ],
  },
  {
    rule: 'P7',
    in: 'core',
    name: 'a publish that was aborted before hand-off is sent all the same',
    edits: [
      edit('publisher', 'if (settings.signal?.aborted === true) {', 'if (driver === undefined) {'),
    ],
  },
  {
    rule: 'P9',
    in: 'core',
    name: 'what waits when the client closes never hears',
    edits: [edit('publish-queue', "for (const pending of left) giveUp(pending, 'closed');", '')],
  },
  {
    rule: 'P9',
    in: 'core',
    name: 'publish after close is taken, and never settles',
    edits: [
      edit('client', 'if (closing !== undefined) return Promise.reject(closedError());', ''),
      edit('publish-queue', 'if (closed) return Promise.reject(errors.closed());', ''),
    ],
  },
  {
    rule: 'P10',
    in: 'core',
    name: 'pending publishes have no bound',
    edits: [
      edit('publish-queue', 'if (admitted >= options.maxPendingMessages) return true;', ''),
      edit(
        'publish-queue',
        'return admitted > 0 && admittedBytes >= options.maxPendingBytes;',
        'return false;',
      ),
    ],
  },
  {
    rule: 'O3',
    in: 'core',
    name: 'a failed message of a key does not hold its followers',
    edits: [
      edit(
        'publish-lanes',
        'if (lane !== undefined && leaders.has(lane)) {',
        'if (held.size < 0) {',
      ),
    ],
  },
  {
    rule: 'O1',
    in: 'core',
    on: 'batched',
    name: 'messages of one key are sent side by side',
    edits: [
      edit(
        'publish-lanes',
        'const name = pending.prepared?.lane;',
        'const name = pending.message.none;',
      ),
    ],
  },
  {
    rule: 'F4',
    in: 'core',
    name: 'throttled publishes are sent again at once',
    edits: [
      edit(
        'publish-dispatch',
        'const delayMs = Math.max(pending.retryAfterMs, step);',
        'const delayMs = step * 0 + 1;',
      ),
      edit('publish-dispatch', '    throttles += 1;\n', '    if (throttles === 0) return;\n'),
    ],
  },
  {
    rule: 'F5',
    in: 'core',
    name: 'a settled publish leaves its listener on the signal of the caller',
    edits: [edit('publish-queue', '    pending.unlisten?.();\n', '')],
  },
  {
    rule: 'F5',
    in: 'core',
    name: 'timers of publishes that have settled run on, and close leaves them',
    edits: [
      edit('client', '    wheel.close();\n', ''),
      edit('publish-queue', '    wheel.cancel(pending);\n', ''),
    ],
  },
];
