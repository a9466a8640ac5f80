import { writeFileSync } from 'node:fs';
import { sampleOrders } from './sample-orders.ts';

const path = new URL('../sample/orders.jsonl', import.meta.url);
const lines = sampleOrders(3_000).map((order) => `${JSON.stringify(order)}\n`);
writeFileSync(path, lines.join(''));
