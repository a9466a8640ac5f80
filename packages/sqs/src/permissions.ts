/** What a program does with the transport; each has its own least permissions. */
export type SqsUse =
  | 'publish'
  | 'consume'
  | 'backlog'
  | 'redrive'
  | 'verify'
  | 'provision'
  | 'purge'
  | 'remove'
  | 'check'
  | 'publish with a KMS key'
  | 'consume with a KMS key';
