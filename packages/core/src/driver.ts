export { version as driverVersion } from './version.ts';
