export { version as testingVersion } from './version.ts';
