import { rabbitmqCases } from './rabbitmq-cases.ts';

rabbitmqCases('rabbitmq', /^3\.10\./);
