import { hash } from 'node:crypto';

/** 128 bits as 32 hexadecimal digits, which compare as the numbers do. */
export type HashKey = string;

/** A range of hash keys, both ends included. */
export interface HashRange {
  readonly first: HashKey;
  readonly last: HashKey;
}

/** The number that Kinesis makes of a partition key. @see https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecordsRequestEntry.html */
export function hashKeyOf(partitionKey: string): HashKey {
  return hash('md5', partitionKey, 'hex');
}

/** Of the decimal number that the service's own API has. */
export function fromDecimal(text: string): HashKey {
  return BigInt(text).toString(16).padStart(32, '0');
}

export function toDecimal(hashKey: HashKey): string {
  return BigInt(`0x${hashKey}`).toString();
}

export function isWithin({ first, last }: HashRange, hashKey: HashKey): boolean {
  return first <= hashKey && hashKey <= last;
}

/** True for the decimal text of a hash key. */
export function isDecimalHashKey(text: string): boolean {
  return /^(0|[1-9]\d{0,38})$/.test(text) && BigInt(text) < 1n << 128n;
}
