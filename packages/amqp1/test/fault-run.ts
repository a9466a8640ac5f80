import { randomUUID } from 'node:crypto';
import { amqpTransport } from '@intermodal/amqp';
import { type OwnBroker, startOwnBroker } from '@intermodal/brokers';
import { channel, createClient, type Transport } from '@intermodal/core';
import {
  crashFault,
  type Fault,
  networkFaults,
  processFaults,
  rabbitmqFaults,
  runFaults,
  type Totals,
} from '@intermodal/fault-run';
import { type Amqp1Host, amqp1Transport, type Amqp1TransportOptions } from '../src/index.ts';
import { type Amqp1Proxy, startAmqp1Proxy } from './amqp1-proxy.ts';
import { type BrokerName, type Server, serverOf } from './broker.ts';

export interface FaultRunOn {
  readonly broker: BrokerName | 'activemq-pair';
  readonly messages: number;
  readonly withinMs: number;
  readonly progress?: (text: string) => void;
}

const group = 'billing';

/** By publishers and consumers in processes of their own. */
export async function runFaultsOn(run: FaultRunOn): Promise<Totals> {
  return run.broker === 'activemq-pair' ? onPair(run) : onOne(run, run.broker);
}

/** All of them through one proxy. */
async function onOne(run: FaultRunOn, name: BrokerName): Promise<Totals> {
  const server = await serverOf(name);
  await using proxy = await startAmqp1Proxy(server.host);
  const options: Amqp1TransportOptions = { ...server.options, singleActiveConsumer: true };
  const orders = await provisioned(name === 'rabbitmq' ? byAmqp(options) : amqp1Transport(options));
  const hosts = [{ host: '127.0.0.1', port: proxy.port }];
  return await runThrough(run, orders, { ...options, hosts }, faultsOf(server, proxy));
}

function faultsOf({ name, broker }: Server, proxy: Amqp1Proxy): readonly Fault[] {
  const own = name === 'activemq' ? [crashFault(broker)] : rabbitmqFaults(broker);
  return [...networkFaults(proxy), ...processFaults, ...own];
}

/** Straight to both, of which one refuses: a standby takes over, and the other one later. */
async function onPair(run: FaultRunOn): Promise<Totals> {
  await using pair = await startOwnBroker('activemq-pair');
  const options: Amqp1TransportOptions = {
    broker: 'activemq',
    hosts: hostsOf(pair.environment['INTERMODAL_ACTIVEMQ_PAIR_AMQP1_URL']),
    credentials: { username: 'admin', password: 'admin' },
    idleTimeoutMs: 4_000,
    singleActiveConsumer: true,
  };
  const orders = await provisioned(amqp1Transport(options));
  return await runThrough(run, orders, options, [...takeovers(pair), ...processFaults]);
}

function takeovers(pair: OwnBroker): readonly Fault[] {
  return [
    { name: 'the active one killed', run: () => pair.kill('first') },
    { name: 'started as a standby', run: () => pair.restart('first') },
    { name: 'the other one killed', run: () => pair.kill('second') },
  ];
}

/** Both hosts are in one URL. */
function hostsOf(url: string | undefined): readonly Amqp1Host[] {
  const [, list = ''] = /@([^/]+)/.exec(url ?? '') ?? [];
  return list.split(',').map((each) => {
    const [host = '', port] = each.split(':');
    return { host, port: Number(port) };
  });
}

/** RabbitMQ 3 has no way to provision by AMQP 1.0. */
function byAmqp({ hosts, credentials, singleActiveConsumer }: Amqp1TransportOptions): Transport {
  return amqpTransport({
    singleActiveConsumer,
    ...(hosts === undefined ? {} : { hosts }),
    ...(typeof credentials === 'object' ? { credentials } : {}),
  });
}

async function provisioned(transport: Transport): Promise<string> {
  const orders = channel(`faults-${randomUUID().slice(0, 8)}`);
  const client = createClient({ transport });
  await client.provision([orders], { groups: [group] });
  await client.close();
  return orders.name;
}

async function runThrough(
  { messages, withinMs, progress }: FaultRunOn,
  name: string,
  options: Amqp1TransportOptions,
  faults: readonly Fault[],
): Promise<Totals> {
  return runFaults({
    program: {
      module: new URL('program.ts', import.meta.url).href,
      argument: JSON.stringify(options),
    },
    channel: name,
    group,
    messages,
    faults,
    withinMs,
    ...(progress === undefined ? {} : { progress }),
  });
}
