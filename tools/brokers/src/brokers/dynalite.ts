import { fileURLToPath } from 'node:url';
import { givenBy, type Broker } from '../broker.ts';
import { httpAnswers } from '../http-answers.ts';

const endpoint = 'INTERMODAL_DYNALITE_ENDPOINT';

/** The emulator that npm brings; its tables are in memory. There is no Compose service: it is here anyway. */
export const broker: Broker = {
  name: 'dynalite',
  offers: 'DynamoDB emulated, for leases (dynalite, from npm)',
  ports: ['http'],
  environment: ({ http }) => ({ [endpoint]: `http://127.0.0.1:${http}` }),
  given: givenBy(endpoint),
  answers: async (environment) => httpAnswers(`${environment[endpoint]}/`),
  local: {
    prepare: () => Promise.resolve(),
    processes: ({ ports }) => [
      {
        command: process.execPath,
        args: [
          fileURLToPath(new URL('../launch/dynalite.ts', import.meta.url)),
          String(ports['http']),
        ],
        env: { NODE_OPTIONS: '' },
      },
    ],
  },
};
