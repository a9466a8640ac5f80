export type { EntryError } from './aws-batch.ts';
export { startAwsProxy, type AwsProxy, type CallCount, type RecordedCall } from './aws-proxy.ts';
export {
  corruptMd5,
  delayReply,
  editReply,
  failCall,
  failEntries,
  holdReply,
  loseReply,
  loseRequest,
  serverError,
  throttle,
  type Fault,
  type Hold,
  type Match,
  type Rule,
} from './aws-rules.ts';
export type { AwsCall, AwsError, AwsObject } from './aws-wire.ts';
export { AwsRefusal, cannedAws, type CannedAnswer } from './canned-aws.ts';
export { queueFaults, sqsSending, type QueueFaults, type Sending } from './queue-faults.ts';
export {
  startTcpProxy,
  type Direction,
  type ProxiedConnection,
  type TcpProxy,
  type TcpTarget,
} from './tcp-proxy.ts';
