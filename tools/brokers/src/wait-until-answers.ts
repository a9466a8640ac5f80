import { setTimeout as wait } from 'node:timers/promises';
import type { Broker, BrokerEnvironment } from './broker.ts';

/** Resolves to whether the broker answers within the time; stops early once `givenUp` says so. */
export async function answersWithin(
  broker: Broker,
  environment: BrokerEnvironment,
  withinMs: number,
  givenUp: () => boolean = () => false,
): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    if (givenUp()) return false;
    if (await answersNow(broker, environment)) return !givenUp();
    if (Date.now() > deadline) return false;
    await wait(50);
  }
}

/** Whether the broker answers at this moment. */
export async function answersNow(broker: Broker, environment: BrokerEnvironment): Promise<boolean> {
  try {
    return await broker.answers(environment);
  } catch {
    return false;
  }
}
