import { SNSClient, type SNSClientConfig } from '@aws-sdk/client-sns';
import { peer } from './peers.ts';

export const topicArn = 'arn:aws:sns:eu-west-1:000000000000:bench';

interface Sdk {
  readonly SNSClient: new (config: SNSClientConfig) => SNSClient;
}

function settings(endpoint: string): SNSClientConfig {
  return {
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
    requestHandler: { httpAgent: { keepAlive: true, maxSockets: 200 } },
  };
}

/** The SDK as it comes, with sockets for all that is under way. */
export function sdkClient(endpoint: string): SNSClient {
  return new SNSClient(settings(endpoint));
}

/** The same of the copy that the other library uses. */
export function peerClient(endpoint: string): SNSClient {
  const { SNSClient: PeerClient } = peer('@aws-sdk/client-sns') as Sdk;
  return new PeerClient(settings(endpoint));
}
