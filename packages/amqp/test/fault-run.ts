import { randomUUID } from 'node:crypto';
import {
  type Fault,
  networkFaults,
  processFaults,
  rabbitmqFaults,
  runFaults,
  type Totals,
} from '@intermodal/fault-run';
import { channel, createClient } from '@intermodal/core';
import { amqpTransport, type AmqpTransportOptions } from '../src/index.ts';
import { type AmqpProxy, startAmqpProxy } from './amqp-proxy.ts';
import { type BrokerName, ownRabbit, type OwnRabbit } from './broker.ts';

export interface FaultRunOn {
  readonly broker: BrokerName;
  readonly queueType: 'quorum' | 'classic';
  readonly messages: number;
  readonly withinMs: number;
  readonly progress?: (text: string) => void;
}

const group = 'billing';

function faultsOf({ broker }: OwnRabbit, proxy: AmqpProxy): readonly Fault[] {
  return [
    ...networkFaults(proxy),
    { name: 'channel error 406', run: () => proxy.repeatAck() },
    ...processFaults,
    ...rabbitmqFaults(broker),
  ];
}

/** By publishers and single active consumers in processes of their own, all through one proxy. */
export async function runFaultsOn(run: FaultRunOn): Promise<Totals> {
  const { messages, withinMs, progress } = run;
  const server = await ownRabbit(run.broker);
  await using proxy = await startAmqpProxy(server.host);
  const options: AmqpTransportOptions = {
    ...server.options,
    hosts: [{ host: '127.0.0.1', port: proxy.port }],
    queueType: run.queueType,
    singleActiveConsumer: true,
  };
  const orders = channel(`faults-${randomUUID().slice(0, 8)}`);
  const client = createClient({ transport: amqpTransport(options) });
  await client.provision([orders], { groups: [group] });
  await client.close();
  return await runFaults({
    program: {
      module: new URL('program.ts', import.meta.url).href,
      argument: JSON.stringify(options),
    },
    channel: orders.name,
    group,
    messages,
    faults: faultsOf(server, proxy),
    withinMs,
    ...(progress === undefined ? {} : { progress }),
  });
}
