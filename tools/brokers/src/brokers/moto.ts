import { fileURLToPath } from 'node:url';
import { givenBy, type Broker } from '../broker.ts';
import { httpAnswers } from '../http-answers.ts';
import { pythonWith } from '../python.ts';

const endpoint = 'INTERMODAL_MOTO_ENDPOINT';
const launcher = fileURLToPath(new URL('../launch/moto-server.py', import.meta.url));
const requirements = fileURLToPath(new URL('../launch/moto-requirements.txt', import.meta.url));

/** The emulator from PyPI; all it holds is in memory and gone after `kill` or `restart`. */
export const broker: Broker = {
  name: 'moto',
  offers: 'SQS, SNS, Kinesis, Firehose, S3 and more emulated (moto, from PyPI)',
  ports: ['http'],
  environment: ({ http }) => ({ [endpoint]: `http://127.0.0.1:${http}` }),
  given: givenBy(endpoint),
  answers: async (environment) => httpAnswers(`${environment[endpoint]}/moto-api/`),
  compose: { service: 'moto' },
  local: {
    async prepare(progress) {
      await pythonWith('moto', requirements, progress);
    },
    async processes({ ports }) {
      const python = await pythonWith('moto', requirements, () => {});
      return [{ command: python, args: [launcher, String(ports['http'])] }];
    },
  },
};
