import { mergeConfig } from 'vitest/config';
import brokerTests from '../../../tools/driver-tests/vitest.config.ts';

/** All of the suite on RabbitMQ 4, and with single active consumers on 3.10; and the driver's own tests on RabbitMQ 4. */
export default mergeConfig(brokerTests, {
  test: {
    include: ['test/{connecting,interop,permissions,receiving,sending,topology}.test.ts'],
    globalSetup: ['test/rabbitmq4-setup.ts'],
  },
});
