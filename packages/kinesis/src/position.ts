/** A place in a stream: a record, or one of the messages in an aggregated record. */
export interface Position {
  readonly shardId: string;
  readonly sequence: string;
  readonly sub: number;
}

/** `shardId-000000000003:49680473098957835042550487841389:0` */
export function formatPosition({ shardId, sequence, sub }: Position): string {
  return `${positionsIn(shardId, sequence)}${sub}`;
}

/** What the positions in one record begin with; `sub` follows. */
export function positionsIn(shardId: string, sequence: string): string {
  return `${shardId}:${sequence}:`;
}

/** Undefined for what `formatPosition` never wrote. */
export function parsePosition(text: string): Position | undefined {
  const found = /^([A-Za-z0-9_.-]+):(\d+):(\d+)$/.exec(text);
  if (found === null) return undefined;
  const [, shardId = '', sequence = '', sub = ''] = found;
  return { shardId, sequence, sub: Number(sub) };
}

/** Sequence numbers are decimal numbers of any length. */
export function compareSequences(one: string, other: string): number {
  if (one.length !== other.length) return one.length - other.length;
  return one < other ? -1 : Number(one > other);
}
