// Started as a process of its own: `node dynalite.ts <port>`.
import { createRequire } from 'node:module';
import type { Server } from 'node:http';

const [port] = process.argv.slice(2);
if (!port) throw new Error('usage: dynalite.ts <port>');

const require = createRequire(import.meta.url);
// It has no types.
const dynalite = require('dynalite') as (options: Readonly<Record<string, number>>) => Server;
const server = dynalite({ createTableMs: 10, updateTableMs: 10, deleteTableMs: 10 });
server.listen({ port: Number(port), host: '127.0.0.1' });
