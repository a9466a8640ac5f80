// Started as a process of its own: `node aedes.ts <port>`.
import { createServer } from 'node:net';
import { Aedes } from 'aedes';

const [port] = process.argv.slice(2);
if (!port) throw new Error('usage: aedes.ts <port>');

// A consumer that reads nothing for a while is held back, and not thrown out.
const broker = await Aedes.createBroker({ drainTimeout: 0 });
createServer(broker.handle).listen({ port: Number(port), host: '127.0.0.1' });
