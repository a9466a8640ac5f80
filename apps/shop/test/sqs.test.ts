import { sqsPlaces } from './sqs-places.ts';
import { sameTotals } from './same-totals.ts';

sameTotals(sqsPlaces);
