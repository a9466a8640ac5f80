import { fileURLToPath } from 'node:url';
import { givenBy, type Broker } from '../broker.ts';
import { httpAnswers } from '../http-answers.ts';

const endpoint = 'INTERMODAL_KINESIS_LOCAL_ENDPOINT';
const tlsEndpoint = 'INTERMODAL_KINESIS_LOCAL_TLS_ENDPOINT';

// What takes half a second there by default, each.
const changes = [
  'CREATE_STREAM',
  'DELETE_STREAM',
  'REGISTER_STREAM_CONSUMER',
  'DEREGISTER_STREAM_CONSUMER',
  'START_STREAM_ENCRYPTION',
  'STOP_STREAM_ENCRYPTION',
  'MERGE_SHARDS',
  'SPLIT_SHARD',
  'UPDATE_SHARD_COUNT',
  'UPDATE_STREAM_MODE',
];

/**
 * The emulator that npm brings; its streams are in memory and gone after `kill` or `restart`. There is no Compose
 * service: it is here anyway, and listens on loopback alone by our launcher. HTTP/2 is behind TLS, with a certificate
 * that nobody has signed.
 */
export const broker: Broker = {
  name: 'kinesis-local',
  offers: 'Kinesis Data Streams emulated (kinesis-local, from npm)',
  ports: ['http', 'tls'],
  environment: ({ http, tls }) => ({
    [endpoint]: `http://127.0.0.1:${http}`,
    [tlsEndpoint]: `https://127.0.0.1:${tls}`,
  }),
  given: givenBy(endpoint, tlsEndpoint),
  answers: async (environment) => httpAnswers(`${environment[endpoint]}/healthcheck`),
  local: {
    prepare: () => Promise.resolve(),
    processes: ({ ports }) => [
      {
        command: process.execPath,
        args: [fileURLToPath(new URL('../launch/kinesis-local.ts', import.meta.url))],
        env: {
          NODE_OPTIONS: '',
          KINESIS_MOCK_PLAIN_PORT: String(ports['http']),
          KINESIS_MOCK_TLS_PORT: String(ports['tls']),
          SHARD_LIMIT: '1000000',
          ON_DEMAND_STREAM_COUNT_LIMIT: '10000',
          LOG_LEVEL: 'WARN',
          ...Object.fromEntries(changes.map((change) => [`${change}_DURATION`, '10ms'])),
        },
      },
    ],
  },
};
