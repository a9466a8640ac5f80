import { losesNothingWhenKilled } from './killed.ts';
import { mqttPlaces } from './mqtt-places.ts';
import { sameTotals } from './same-totals.ts';

sameTotals(mqttPlaces);
losesNothingWhenKilled(mqttPlaces.slice(0, 2));
