export { closedPort, expectLoginRefused, expectSilenceToEnd } from './connecting.ts';
export { expectKeysToStay, expectMegabyte, expectSilenceFound } from './delivering.ts';
export * from './driver-calls.ts';
export { expectTakeovers } from './takeovers.ts';
