import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Check } from './checks.ts';
import { ownSource } from './core.ts';

/** One fault put into core: in `file`, `find` stands exactly once and becomes `replace`. */
export interface Mutation {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface WrongCore {
  readonly mutations: readonly Mutation[];
  /** The checks that may find it: anything else would be a fault of core itself. */
  readonly foundBy: readonly Check[];
}

/** Cores that are wrong on purpose: the simulation must find each of them. */
export const wrongCores: Readonly<Record<string, WrongCore>> = {
  'ack-before-handler': {
    foundBy: ['ack', 'watermark'],
    mutations: [
      {
        file: 'run-each.ts',
        find: 'engine.started(held, handle);',
        replace: 'engine.started(held, handle); handle.ack().catch(() => undefined);',
      },
    ],
  },
  'ceil-instead-of-prefix': {
    foundBy: ['watermark'],
    mutations: [
      {
        file: 'watermark.ts',
        find: 'if (marks[first] === mark) advance();',
        replace: 'const at = marks.indexOf(mark); if (at >= first) { first = at; advance(); }',
      },
    ],
  },
  'resend-loses-delay': {
    foundBy: ['delay'],
    mutations: [
      {
        file: 'publish-dispatch.ts',
        find: 'if (pending.preparedBy === sender) return pending.prepared;',
        replace: `if (pending.preparedBy === sender) {
        if (pending.failures === 0) return pending.prepared;
        return sender.prepare({ ...pending.message, delayMs: undefined });
      }`,
      },
    ],
  },
  'stale-token-accepted': {
    foundBy: ['token'],
    mutations: [
      {
        file: 'consumer-engine.ts',
        find: 'epoch = {\n      receiver,',
        replace: 'epoch = Object.assign(epoch ?? {}, {\n      receiver,',
      },
      {
        file: 'consumer-engine.ts',
        find: 'operationTimeoutMs, holding.leaseLost),\n    };',
        replace: 'operationTimeoutMs, holding.leaseLost),\n    });',
      },
      {
        file: 'consumer-engine.ts',
        find: 'holding.loseAll((held) => held.epoch === gone, error);',
        replace: '',
      },
    ],
  },
  'lane-released-too-early': {
    foundBy: ['order', 'order-settle'],
    mutations: [
      {
        file: 'handler-calls.ts',
        find: 'if (thrown !== undefined) {',
        replace: 'lanes.done(held);\n    if (thrown !== undefined) {',
      },
    ],
  },
};

export interface Copy {
  readonly folder: URL;
  remove(): void;
}

/** A copy of core's source with the mutations made, in a temporary folder. */
export function copyOfCore(mutations: readonly Mutation[]): Copy {
  const folder = mkdtempSync(join(tmpdir(), 'wrong-core-'));
  cpSync(fileURLToPath(ownSource), folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  for (const mutation of mutations) mutate(folder, mutation);
  return {
    folder: pathToFileURL(`${folder}/`),
    remove() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function mutate(folder: string, { file, find, replace }: Mutation): void {
  const path = join(folder, file);
  const source = readFileSync(path, 'utf8');
  const count = source.split(find).length - 1;
  if (count !== 1)
    throw new Error(
      `'${find}' stands ${count} times in core's ${file}, not once: the wrong core does not fit any more`,
    );
  writeFileSync(
    path,
    source.replace(find, () => replace),
  );
}
