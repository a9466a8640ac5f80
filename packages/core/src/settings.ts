import type { Capabilities } from './capabilities.ts';
import type { PublishSettings } from './client-types.ts';
import { IntermodalError } from './error.ts';

/** What the runtime reads of publish options, whatever the transport's type allows. */
export interface AnyPublishOptions extends PublishSettings {
  readonly delayMs?: number | undefined;
  readonly ttlMs?: number | undefined;
  readonly priority?: number | undefined;
  readonly dedupeId?: string | undefined;
}

/** @throws `invalid-argument`, `unsupported` */
export function checkPublishOptions(
  options: AnyPublishOptions,
  capabilities: Capabilities,
  transport: string,
): void {
  if (options.delayMs !== undefined) {
    needs(capabilities.delay, 'delayMs', 'delay', transport);
    checkNumber('delayMs', options.delayMs, 0);
  }
  if (options.ttlMs !== undefined) {
    needs(capabilities.ttl, 'ttlMs', 'ttl', transport);
    checkNumber('ttlMs', options.ttlMs, 1);
  }
  if (options.priority !== undefined) {
    needs(capabilities.priority, 'priority', 'priority', transport);
    if (!(Number.isInteger(options.priority) && options.priority >= 0 && options.priority <= 9)) {
      throw new IntermodalError(
        'invalid-argument',
        `priority must be a whole number from 0 to 9, not ${options.priority}`,
      );
    }
  }
  if (options.dedupeId !== undefined) {
    needs(capabilities.dedupe, 'dedupeId', 'dedupe', transport);
    checkText('dedupeId', options.dedupeId);
  }
  if (options.key !== undefined) checkText('key', options.key);
  if (options.id !== undefined) checkText('id', options.id);
  if (options.timeoutMs !== undefined) checkNumber('timeoutMs', options.timeoutMs, 1);
}

export function needs(has: boolean, option: string, capability: string, transport: string): void {
  if (has) return;
  throw new IntermodalError(
    'unsupported',
    `'${option}' needs a transport with ${capability}, and '${transport}' has none: leave it out, or choose another transport`,
    { transport },
  );
}

/** @throws `invalid-argument` */
export function checkNumber(name: string, value: number, least: number): void {
  if (Number.isFinite(value) && value >= least) return;
  throw new IntermodalError(
    'invalid-argument',
    `${name} must be a number from ${least}, not ${String(value)}`,
  );
}

/** @throws `invalid-argument` */
export function checkWhole(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new IntermodalError(
    'invalid-argument',
    `${name} must be a whole number from ${least}, not ${String(value)}`,
  );
}

function checkText(name: string, value: string): void {
  if (typeof value === 'string' && value !== '' && value.isWellFormed()) return;
  throw new IntermodalError('invalid-argument', `${name} must be well-formed text and not empty`);
}
