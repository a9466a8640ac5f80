import { writeFile } from 'node:fs/promises';
import { createOffers } from '../offers/index.ts';
import { compile } from './compile.ts';

const file = new URL('./compiler-says.json', import.meta.url);
await writeFile(file, `${JSON.stringify(await compile(createOffers()), undefined, 2)}\n`);
