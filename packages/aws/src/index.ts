export { type Ask, createAsk } from './ask.ts';
export { clientSettings, type ClientSettings, type RequestLimits } from './client-settings.ts';
export { type Connection, connectionOf, statedConnection } from './connection.ts';
export {
  type BatchFailure,
  createErrorMapping,
  type ErrorKind,
  type ErrorMapping,
  type ErrorMappingOptions,
  type ErrorRow,
  type MappedError,
  plainCode,
} from './error-mapping.ts';
export { createLife, endsConnection, type Life } from './life.ts';
