import type { Broker } from '../broker.ts';
import {
  dataInside,
  insideDebianSystem,
  prepareDebianSystem,
  type DebianSystem,
} from '../debian-system.ts';
import { rabbitmqBroker, type Programs } from '../rabbitmq/rabbitmq-broker.ts';

const system: DebianSystem = {
  wantedBy: 'rabbitmq4',
  release: 'trixie',
  packages: ['rabbitmq-server'],
};

const trixie: Programs = {
  prepare: async (progress) => prepareDebianSystem(system, progress),
  home: () => dataInside,
  spec: ({ data }, program, args, env) => {
    const path = program === 'epmd' ? '/usr/bin/epmd' : `/usr/lib/rabbitmq/bin/${program}`;
    return { ...insideDebianSystem(system, data, path, args), env };
  },
};

/** RabbitMQ 4 of Debian 13, for a machine that has an earlier release; AMQP 1.0 is built in. */
export const broker: Broker = rabbitmqBroker({
  name: 'rabbitmq4',
  offers: 'RabbitMQ 4.0: AMQP 0-9-1 and 1.0, TLS, management (Debian 13 in a folder, as root)',
  onlyByName: true,
  programs: trixie,
  plugins: [],
});
