import { losesNothingWhenKilled } from './killed.ts';
import { sameTotals } from './same-totals.ts';
import { snsPlaces } from './sns-places.ts';

sameTotals(snsPlaces);
losesNothingWhenKilled(snsPlaces.slice(0, 2));
