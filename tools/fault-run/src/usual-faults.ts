import { setTimeout as wait } from 'node:timers/promises';
import {
  clearMemoryAlarm,
  closeConnections,
  type OwnBroker,
  raiseMemoryAlarm,
  writeDownDeclarations,
} from '@intermodal/brokers';
import type { Fault } from './run-faults.ts';

const alarmMs = 1_500;

/** SIGKILL, of one publisher and of all consumers in turn. */
export const processFaults: readonly Fault[] = [
  { name: 'a publisher killed', run: (victims) => victims.killPublisher() },
  { name: 'the consumers killed', run: (victims) => victims.killConsumer() },
];

/** Of a proxy through which all of them are connected. */
export function networkFaults(proxy: { cut(): void; blackHole(): void }): readonly Fault[] {
  const run = (action: () => void) => (): Promise<void> => {
    action();
    return Promise.resolve();
  };
  return [
    { name: 'TCP cut', run: run(() => proxy.cut()) },
    { name: 'black hole', run: run(() => proxy.blackHole()) },
  ];
}

/** kill -9, and started again. */
export function crashFault(broker: OwnBroker): Fault {
  return {
    name: 'broker killed and restarted',
    async run() {
      await broker.kill();
      await broker.restart();
    },
  };
}

/** What an operator or a full machine does to RabbitMQ. */
export function rabbitmqFaults(broker: OwnBroker): readonly Fault[] {
  const crash = crashFault(broker);
  return [
    {
      name: 'connections closed by management',
      run: () => closeConnections(broker.name, broker.environment),
    },
    {
      name: 'memory alarm',
      async run() {
        await raiseMemoryAlarm(broker);
        try {
          await wait(alarmMs);
        } finally {
          await clearMemoryAlarm(broker);
        }
      },
    },
    {
      ...crash,
      async run(victims) {
        await writeDownDeclarations(broker);
        await crash.run(victims);
      },
    },
  ];
}
