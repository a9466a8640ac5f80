// Started as a process of its own: `node fauxqs.ts <port> <data folder>`.
import { startFauxqs } from 'fauxqs';
import { mendFauxqs } from './fauxqs-mends.ts';

const [port, dataDir] = process.argv.slice(2);
if (!port || !dataDir) throw new Error('usage: fauxqs.ts <port> <data folder>');

await mendFauxqs();
const server = await startFauxqs({ port: Number(port), dataDir, logger: false });
process.stdout.write(`${server.address}\n`);

process.once('SIGTERM', () => {
  void server.stop().then(() => process.exit(0));
});
