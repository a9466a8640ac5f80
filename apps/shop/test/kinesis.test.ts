import { kinesisPlaces } from './kinesis-places.ts';
import { losesNothingWhenKilled } from './killed.ts';
import { sameTotals } from './same-totals.ts';

sameTotals(kinesisPlaces);
losesNothingWhenKilled(kinesisPlaces);
