/** Where RabbitMQ is, as amqplib and our options want it. */
export interface Rabbit {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

/** The RabbitMQ that the environment names. */
export function rabbit(environment: NodeJS.ProcessEnv = process.env): Rabbit {
  const text = environment['INTERMODAL_RABBITMQ_URL'];
  if (text === undefined)
    throw new Error('set INTERMODAL_RABBITMQ_URL=amqp://user:password@host:port');
  const url = new URL(text);
  return {
    url: text,
    host: url.hostname,
    port: Number(url.port === '' ? 5_672 : url.port),
    username: decodeURIComponent(url.username === '' ? 'guest' : url.username),
    password: decodeURIComponent(url.password === '' ? 'guest' : url.password),
  };
}
