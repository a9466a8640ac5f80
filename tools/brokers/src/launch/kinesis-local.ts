// Started as a process of its own: `node kinesis-local.ts`; ports and durations come from the environment.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listenOnLoopback } from './listen-on-loopback.ts';

const emulator = import.meta.resolve('kinesis-local');
// Looked for in the working folder, where it is not.
process.env['KINESIS_MOCK_CERT_PATH'] = join(dirname(fileURLToPath(emulator)), 'server.json');
listenOnLoopback();
await import(emulator);
