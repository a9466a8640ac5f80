import { Agent } from 'node:https';
import { SNSClient } from '@aws-sdk/client-sns';
import { channel, type DeliveryBase } from '@intermodal/core';
import { snsEndpoint, type SnsEndpoint, type SnsEndpointOptions } from '../src/index.ts';
import { genuine, topicArn } from './sns-sender.ts';

/** An endpoint, and every way out of it recorded. */
export interface Scene extends AsyncDisposable {
  readonly endpoint: SnsEndpoint;
  readonly handled: DeliveryBase<{ n: number }>[];
  /** URLs of certificates that it asked for. */
  readonly fetched: string[];
  /** What it asked of the SNS API. */
  readonly called: { readonly name: string; readonly input: unknown }[];
}

const orders = channel<{ n: number }>('orders');

/** The certificate comes from a function, unless `agent` is given; the SNS client answers by itself. */
export function scene(
  options: Partial<SnsEndpointOptions> = {},
  handler: (delivery: DeliveryBase<{ n: number }>) => Promise<void> | void = () => undefined,
): Scene {
  const handled: DeliveryBase<{ n: number }>[] = [];
  const fetched: string[] = [];
  const called: { readonly name: string; readonly input: unknown }[] = [];
  const client = new SNSClient({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  client.middlewareStack.add(
    (_, context) => (args) => {
      called.push({ name: context.commandName ?? '', input: args.input });
      return Promise.resolve({ output: { $metadata: {} }, response: undefined });
    },
    { step: 'initialize', priority: 'high' },
  );
  const fetchCertificate = (url: URL): Promise<string> => {
    fetched.push(url.href);
    return Promise.resolve(genuine.pem);
  };
  const endpoint = snsEndpoint(
    orders,
    {
      topics: [topicArn],
      capacity: 10,
      client,
      ...(options.agent === undefined ? { fetchCertificate } : {}),
      ...options,
    },
    async (delivery) => {
      handled.push(delivery);
      await handler(delivery);
    },
  );
  return {
    endpoint,
    handled,
    fetched,
    called,
    async [Symbol.asyncDispose]() {
      await endpoint.close();
      client.destroy();
    },
  };
}

/** Looks up nothing, and tells which hosts were to be connected to. */
export function recordingAgent(): { readonly agent: Agent; readonly hosts: string[] } {
  const hosts: string[] = [];
  const agent = new Agent({
    lookup(host, _, done) {
      hosts.push(host);
      done(new Error('nothing is looked up here'), []);
    },
  });
  return { agent, hosts };
}
