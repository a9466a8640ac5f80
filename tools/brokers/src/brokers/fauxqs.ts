import { fileURLToPath } from 'node:url';
import { givenBy, type Broker } from '../broker.ts';
import { httpAnswers } from '../http-answers.ts';

const endpoint = 'INTERMODAL_FAUXQS_ENDPOINT';

/**
 * The emulator that npm brings; its messages survive `kill` and `restart`. There is no Compose service:
 * it is here anyway, and mended.
 */
export const broker: Broker = {
  name: 'fauxqs',
  offers: 'SQS, SNS and S3 emulated (fauxqs, from npm)',
  ports: ['http'],
  environment: ({ http }) => ({ [endpoint]: `http://127.0.0.1:${http}` }),
  given: givenBy(endpoint),
  answers: async (environment) => httpAnswers(`${environment[endpoint]}/health`),
  local: {
    prepare: () => Promise.resolve(),
    processes: ({ data, ports }) => [
      {
        command: process.execPath,
        args: [
          fileURLToPath(new URL('../launch/fauxqs.ts', import.meta.url)),
          `${ports['http']}`,
          data,
        ],
        env: { NODE_OPTIONS: '' },
      },
    ],
  },
};
