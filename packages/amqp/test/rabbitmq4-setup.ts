import { startOwnBroker } from '@intermodal/brokers';

/** RabbitMQ 4 in the place of the RabbitMQ that tests share. */
export async function setup(): Promise<() => Promise<void>> {
  const { environment, stop } = await startOwnBroker('rabbitmq4');
  for (const [name, value] of Object.entries(environment))
    process.env[name.replace('RABBITMQ4', 'RABBITMQ')] = value;
  return stop;
}
