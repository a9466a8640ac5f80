import type { Broker } from '../broker.ts';

/**
 * The real services, or whatever the AWS SDK's own variables point to (`AWS_ENDPOINT_URL_SQS`).
 * It is only ever asked for, since it costs money.
 */
export const broker: Broker = {
  name: 'aws',
  offers: 'real AWS: set INTERMODAL_AWS=1 and AWS_REGION; credentials as the AWS SDK finds them',
  ports: [],
  environment: () => ({}),
  given(environment) {
    const region = environment['AWS_REGION'];
    if (environment['INTERMODAL_AWS'] !== '1' || !region) return undefined;
    return { INTERMODAL_AWS: '1', AWS_REGION: region };
  },
  answers: () => Promise.resolve(true),
};
