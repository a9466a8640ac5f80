import { amqp1Places } from './amqp1-places.ts';
import { losesNothingWhenKilled } from './killed.ts';
import { sameTotals } from './same-totals.ts';

sameTotals(amqp1Places);
losesNothingWhenKilled(amqp1Places);
