import { rabbitmqCases } from './rabbitmq-cases.ts';

rabbitmqCases('rabbitmq4', /^4\.0\./);
