/** What every delivery has, whatever the transport. */
export interface DeliveryBase<T> {
  /** The id that `publish` returned, or the broker's for messages from elsewhere. */
  readonly id: string;
  readonly channel: string;
  readonly group: string;
  readonly key: string | undefined;
  readonly body: T;
  readonly headers: ReadonlyMap<string, string>;
  readonly publishedAt: Date | undefined;
  /** 1 is the first: the broker's count where it has one, plus local retries. */
  readonly attempt: number;
  /** Whether it may have been delivered before. */
  readonly redelivered: boolean;
  /** Aborted when the lease or lane is lost, the handler's time is over, or the consumer's stop deadline has passed. */
  readonly signal: AbortSignal;
  /** The broker's own message, of the client library's type. */
  readonly native: unknown;
  /** Done. Settling twice alike is the same promise. @throws `lease-lost`, `already-settled` */
  ack(): Promise<void>;
  /** Failed, again later: not before `delayMs`. @defaultValue the delay of the retry policy. @throws `lease-lost`, `already-settled` */
  retry(options?: { readonly delayMs?: number }): Promise<void>;
  /** Failed, never again: to the dead letters, with the reason. @throws `lease-lost`, `already-settled` */
  reject(reason: string): Promise<void>;
}
