/** How long requests may take, and how many connections they may take up. */
export interface RequestLimits {
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** @defaultValue 128 */
  readonly maxSockets?: number;
}

/** A part of what every client of the AWS SDK is made with. */
export interface ClientSettings {
  readonly maxAttempts: number;
  readonly requestHandler: {
    readonly httpAgent: { readonly keepAlive: boolean; readonly maxSockets: number };
    readonly httpsAgent: { readonly keepAlive: boolean; readonly maxSockets: number };
    readonly requestTimeout: number;
    readonly throwOnRequestTimeout: boolean;
    readonly connectionTimeout: number;
  };
}

/** How every transport has its own client work: one attempt, connections kept, and an error where no answer comes. */
export function clientSettings(limits: RequestLimits): ClientSettings {
  const agent = { keepAlive: true, maxSockets: limits.maxSockets ?? 128 };
  return {
    // Core retries: a second layer would hide which sends may have arrived.
    maxAttempts: 1,
    requestHandler: {
      httpAgent: agent,
      httpsAgent: agent,
      requestTimeout: limits.requestTimeoutMs,
      throwOnRequestTimeout: true,
      connectionTimeout: limits.connectTimeoutMs,
    },
  };
}
