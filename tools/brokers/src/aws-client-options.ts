/** The brokers that speak AWS's own API. */
export type AwsBroker = 'fauxqs' | 'moto' | 'kinesis-local' | 'dynalite' | 'aws';

/** What every client of the AWS SDK takes. */
export interface AwsClientOptions {
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

const emulatorRegion = 'us-east-1';

/**
 * How a client of the AWS SDK reaches one of these brokers: the emulators with made-up credentials,
 * the real services with what the SDK finds by itself.
 *
 * @param endpoint Another way to the same emulator, such as a fault proxy.
 * @throws Error naming the variable that is missing.
 */
export function awsClientOptions(
  broker: AwsBroker,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  endpoint?: string,
): AwsClientOptions {
  if (broker === 'aws') {
    const region = needed(environment, 'AWS_REGION');
    return endpoint === undefined ? { region } : { region, endpoint };
  }
  return {
    region: emulatorRegion,
    endpoint: endpoint ?? needed(environment, variableOf(broker)),
    credentials: { accessKeyId: 'emulator', secretAccessKey: 'emulator' },
  };
}

function variableOf(broker: AwsBroker): string {
  return `INTERMODAL_${broker.toUpperCase().replaceAll('-', '_')}_ENDPOINT`;
}

function needed(environment: Readonly<Record<string, string | undefined>>, name: string): string {
  const value = environment[name];
  if (value) return value;
  throw new Error(`${name} is not set: start the broker first, or give its address`);
}
