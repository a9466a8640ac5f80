import { conformanceVersion } from '@intermodal/conformance';
import { version } from '@intermodal/core';
import { memoryVersion } from '@intermodal/memory';

process.stdout.write(`${JSON.stringify({ conformanceVersion, version, memoryVersion })}\n`);
