import { losesNothingWhenKilled } from './killed.ts';
import { sameTotals } from './same-totals.ts';
import { stompKillPlaces, stompPlaces } from './stomp-places.ts';

sameTotals(stompPlaces);
losesNothingWhenKilled(stompKillPlaces);
