export { NotAvailable, type BrokerEnvironment, type Progress } from './broker.ts';
export { installDebianPackages } from './debian.ts';
export { awsClientOptions, type AwsBroker, type AwsClientOptions } from './aws-client-options.ts';
export { addressOf, hostOf, ownServers } from './own-servers.ts';
export {
  bringUp,
  broughtUp,
  startBroker,
  startOwnBroker,
  takeDown,
  type Origin,
  type OwnBroker,
  type RunningBroker,
  type StartOptions,
} from './start.ts';
export {
  clearMemoryAlarm,
  closeConnections,
  management,
  raiseMemoryAlarm,
  writeDownDeclarations,
} from './rabbitmq/control.ts';
export { pythonWith } from './python.ts';
export { tlsFilesOf, type TlsFiles } from './tls-files.ts';
