/** What Firehose invokes a transformation with. @see https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html */
export interface TransformationEvent {
  readonly invocationId: string;
  readonly deliveryStreamArn: string;
  /** Where the delivery stream reads a Kinesis stream. */
  readonly sourceKinesisStreamArn?: string | undefined;
  readonly region: string;
  readonly records: readonly TransformationInput[];
}

export interface TransformationInput {
  readonly recordId: string;
  /** Milliseconds since the epoch. */
  readonly approximateArrivalTimestamp: number;
  /** Base64. */
  readonly data: string;
  readonly kinesisRecordMetadata?: KinesisMetadata | undefined;
}

/** Where in a Kinesis stream a record was. */
export interface KinesisMetadata {
  readonly shardId: string;
  readonly partitionKey: string;
  readonly approximateArrivalTimestamp: number;
  readonly sequenceNumber: string;
  /** Of a message in an aggregated record. */
  readonly subsequenceNumber: string;
}

/** What Firehose takes as the answer: each record id once. */
export interface TransformationReply {
  records: TransformationOutput[];
}

export interface TransformationOutput {
  recordId: string;
  result: 'Ok' | 'Dropped' | 'ProcessingFailed';
  /** Base64. */
  data?: string;
  metadata?: { partitionKeys: Record<string, string> };
}

/** What is used of the context that Lambda gives. */
export interface TransformationContext {
  getRemainingTimeInMillis(): number;
}
