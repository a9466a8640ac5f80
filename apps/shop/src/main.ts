import { version } from '@intermodal/core';
import { memoryVersion } from '@intermodal/memory';

process.stderr.write(`${process.argv.slice(2).join(' ')}\n`);
process.stdout.write(`${JSON.stringify({ transport: 'memory', version, memoryVersion })}\n`);
