import { amqpPlaces } from './amqp-places.ts';
import { sameTotals } from './same-totals.ts';

sameTotals(amqpPlaces);
