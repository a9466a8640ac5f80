import { version } from '@intermodal/core';

process.stdout.write(`${JSON.stringify({ version })}\n`);
