import { losesNothingWhenKilled } from './killed.ts';
import { embeddedPlace, mqttPlaces } from './mqtt-places.ts';
import { sameTotals } from './same-totals.ts';

sameTotals([embeddedPlace, ...mqttPlaces]);
losesNothingWhenKilled(mqttPlaces.slice(0, 2));
