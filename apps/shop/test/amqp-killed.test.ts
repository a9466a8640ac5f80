import { losesNothingWhenKilled } from './killed.ts';
import { amqpPlaces } from './amqp-places.ts';

losesNothingWhenKilled(amqpPlaces);
