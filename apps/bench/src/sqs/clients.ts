import { type SQS, SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import { peer } from './peers.ts';

interface Sdk {
  readonly SQSClient: new (config: SQSClientConfig) => SQSClient;
  readonly SQS: new (config: SQSClientConfig) => SQS;
}

function settings(endpoint: string): SQSClientConfig {
  return {
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
    requestHandler: { httpAgent: { keepAlive: true, maxSockets: 200 } },
  };
}

/** The SDK as it comes, with sockets for all that is under way. */
export function sdkClient(endpoint: string): SQSClient {
  return new SQSClient(settings(endpoint));
}

/** The same of the copy that the other libraries use. */
export function peerClient(endpoint: string): SQSClient {
  const { SQSClient: PeerClient } = peer('@aws-sdk/client-sqs') as Sdk;
  return new PeerClient(settings(endpoint));
}

/** As `peerClient`, with a method for each operation. */
export function peerSqs(endpoint: string): SQS {
  const { SQS: PeerSqs } = peer('@aws-sdk/client-sqs') as Sdk;
  return new PeerSqs(settings(endpoint));
}
