import type { StreamDescriptionSummary } from '@aws-sdk/client-kinesis';
import type { KinesisProvisioning, KinesisTransportOptions } from './options.ts';

/** What a stream must be like; undefined is whatever it is. */
export interface Wanted {
  readonly capacity: NonNullable<KinesisProvisioning['capacity']>;
  /** Of a stream that is created. */
  readonly maxRecordKiB: number | undefined;
  readonly retentionHours: number | undefined;
  readonly encryptionKeyId: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** Keys must decide where records go. */
  readonly keyed: boolean;
}

export interface Difference {
  readonly text: string;
  /** What one request changes; undefined where it is the operator's to decide. */
  readonly mend: 'retention' | 'encryption' | undefined;
}

export function wantedMain(
  { provisioning = {} }: KinesisTransportOptions,
  order: 'none' | 'key',
): Wanted {
  return {
    capacity: provisioning.capacity ?? 'on-demand',
    maxRecordKiB: provisioning.maxRecordKiB,
    retentionHours: provisioning.retentionHours,
    encryptionKeyId: provisioning.encryptionKeyId,
    tags: provisioning.tags ?? {},
    keyed: order === 'key',
  };
}

export function wantedDeadLetter({ provisioning = {} }: KinesisTransportOptions): Wanted {
  return {
    capacity: provisioning.deadLetterCapacity ?? { shards: 1 },
    // The envelope of a record that was none: its bytes as base64, and the reason.
    maxRecordKiB: Math.min(10_240, 2 * (provisioning.maxRecordKiB ?? 1_024)),
    retentionHours: provisioning.deadLetterRetentionHours ?? 168,
    encryptionKeyId: provisioning.encryptionKeyId,
    tags: provisioning.tags ?? {},
    keyed: false,
  };
}

/** Capacity is left out: streams are scaled, and how far is the operator's. A longer retention than wanted is none. */
export function differencesOf(
  actual: StreamDescriptionSummary,
  wanted: Wanted,
): readonly Difference[] {
  const differences: Difference[] = [];
  const hours = actual.RetentionPeriodHours ?? 24;
  if (wanted.retentionHours !== undefined && hours < wanted.retentionHours) {
    const text = `it keeps records for ${hours} hours, not ${wanted.retentionHours}`;
    differences.push({ text, mend: 'retention' });
  }
  if (wanted.encryptionKeyId !== undefined && actual.EncryptionType !== 'KMS')
    differences.push({ text: 'it is not encrypted', mend: 'encryption' });
  if (wanted.keyed && actual.RecordDistributionStrategy === 'AUTO') {
    const text = 'it shares records out by itself (AUTO), and the channel needs the order of keys';
    differences.push({ text, mend: undefined });
  }
  return differences;
}
