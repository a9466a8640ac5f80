import type { Broker } from '../broker.ts';
import { installDebianPackages } from '../debian.ts';
import { isThere } from '../is-there.ts';
import { rabbitmqBroker, type Programs } from '../rabbitmq/rabbitmq-broker.ts';

// The programs of /usr/sbin change the user and the folder before they start these.
const folder = '/usr/lib/rabbitmq/bin';

const debian: Programs = {
  async prepare(progress) {
    if (await isThere(`${folder}/rabbitmq-server`)) return;
    await installDebianPackages(['rabbitmq-server'], 'rabbitmq', progress);
  },
  home: ({ data }) => data,
  spec: (_place, program, args, env) => ({
    command: program === 'epmd' ? 'epmd' : `${folder}/${program}`,
    args,
    env,
  }),
};

/**
 * Debian's RabbitMQ. The variant `rabbitmq-protocols` also has MQTT and STOMP, which take seconds to
 * start.
 */
export const brokers: readonly Broker[] = [
  rabbitmqBroker({
    name: 'rabbitmq',
    offers: 'RabbitMQ 3.10: AMQP 0-9-1 and 1.0, TLS, management (Debian)',
    programs: debian,
    plugins: ['rabbitmq_amqp1_0'],
  }),
  rabbitmqBroker({
    name: 'rabbitmq-protocols',
    offers: 'RabbitMQ 3.10 with MQTT and STOMP besides, over TCP and WebSocket (Debian)',
    onlyByName: true,
    programs: debian,
    plugins: [
      'rabbitmq_amqp1_0',
      'rabbitmq_mqtt',
      'rabbitmq_stomp',
      'rabbitmq_web_mqtt',
      'rabbitmq_web_stomp',
    ],
    protocols: { mqtt: 'mqtt', stomp: 'stomp', mqttWs: 'mqtt+ws', stompWs: 'stomp+ws' },
  }),
];
