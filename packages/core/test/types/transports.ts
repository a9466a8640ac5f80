import type { Capabilities, Transport } from '../../src/index.ts';

/** A queue without order, with leases and delay, and one group: SQS. */
export interface Queue {
  readonly receive: true;
  readonly groups: 'single';
  readonly order: 'none';
  readonly isolation: 'none';
  readonly settle: 'message';
  readonly duplicates: 'possible';
  readonly durable: true;
  readonly ackConfirmed: true;
  readonly attempts: 'broker';
  readonly release: 'free';
  readonly retry: 'delayed';
  readonly lease: true;
  readonly delay: true;
  readonly ttl: false;
  readonly priority: false;
  readonly dedupe: false;
  readonly replay: false;
  readonly headers: 'native';
}

type But<C, Changes> = Omit<C, keyof Changes> & Changes;

/** A queue in order, without delay: SQS FIFO. */
export type Fifo = But<
  Queue,
  { readonly order: 'key'; readonly isolation: 'key'; readonly delay: false; readonly dedupe: true }
>;

/** Many groups, no leases, everything that can be asked of a publish: RabbitMQ. */
export type Exchange = But<
  Queue,
  { readonly groups: 'many'; readonly lease: false; readonly ttl: true; readonly priority: true }
>;

/** A log: Kinesis. */
export type Log = But<
  Queue,
  {
    readonly groups: 'many';
    readonly order: 'key';
    readonly isolation: 'window';
    readonly settle: 'watermark';
    readonly lease: false;
    readonly delay: false;
    readonly replay: true;
    readonly headers: 'envelope';
  }
>;

/** It only publishes: Firehose. */
export type Deaf = But<
  Queue,
  {
    readonly receive: false;
    readonly groups: 'none';
    readonly settle: 'none';
    readonly lease: false;
    readonly delay: false;
  }
>;

type Of<F> = F extends true ? Fifo : Queue;

export declare function sqs<const F extends boolean | undefined = undefined>(options: {
  readonly fifo?: F;
}): Transport<Of<F>>;

export declare const queue: Transport<Queue>;
export declare const fifo: Transport<Fifo>;
export declare const exchange: Transport<Exchange>;
export declare const log: Transport<Log>;
export declare const deaf: Transport<Deaf>;
/** As from a URL: nothing is known. */
export declare const unknown: Transport;
export declare const chance: boolean;

/** The facts of every one of these fit. */
export type All = [Queue, Fifo, Exchange, Log, Deaf] extends Capabilities[] ? true : never;
