import { checkAll } from './check-all.ts';

const { failed } = await checkAll();
process.exitCode = failed === 0 ? 0 : 1;
