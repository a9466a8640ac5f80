import { fileURLToPath } from 'node:url';
import { givenBy, type Broker } from '../broker.ts';
import { answersMqtt } from '../mqtt-answers.ts';

const url = 'INTERMODAL_AEDES_URL';

/**
 * The broker of MQTT 3.1.1 that npm brings; it takes any login, and its sessions are in memory. There is no Compose
 * service: it is here anyway.
 */
export const broker: Broker = {
  name: 'aedes',
  offers: 'MQTT 3.1.1 in memory (aedes, from npm)',
  ports: ['mqtt'],
  environment: ({ mqtt }) => ({ [url]: `mqtt://127.0.0.1:${mqtt}` }),
  given: givenBy(url),
  answers: async (environment) => answersMqtt(environment[url]),
  local: {
    prepare: () => Promise.resolve(),
    processes: ({ ports }) => [
      {
        command: process.execPath,
        args: [
          fileURLToPath(new URL('../launch/aedes.ts', import.meta.url)),
          String(ports['mqtt']),
        ],
        env: { NODE_OPTIONS: '' },
      },
    ],
  },
};
