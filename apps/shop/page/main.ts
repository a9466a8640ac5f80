import type { Moment, Snapshot } from '../src/live/snapshot.ts';
import { showCapabilities } from './capabilities.ts';
import { createCharts } from './charts.ts';
import { showCode } from './code.ts';
import { byId, say } from './dom.ts';
import { listenToFaults, showFaults } from './faults.ts';
import { showFlow } from './flow.ts';
import { showNotes } from './notes.ts';
import { listenToOrders, showOrders } from './orders.ts';
import { showTotals } from './totals.ts';
import { showTransports } from './transports.ts';

const connection = byId('connection', HTMLElement);
const charts = createCharts();

function show(snapshot: Snapshot): void {
  showTransports(snapshot);
  showTotals(snapshot);
  showFlow(snapshot);
  showOrders(snapshot);
  showFaults(snapshot);
  showCode(snapshot);
  showCapabilities(snapshot);
  showNotes(snapshot.notes);
  charts.add(snapshot);
}

listenToOrders();
listenToFaults();

const events = new EventSource('/events');
events.addEventListener('history', ({ data }: MessageEvent<string>) => {
  say(connection, 'live');
  connection.dataset['state'] = 'live';
  charts.begin(JSON.parse(data) as readonly Moment[]);
});
events.addEventListener('snapshot', ({ data }: MessageEvent<string>) => {
  show(JSON.parse(data) as Snapshot);
});
events.addEventListener('error', () => {
  say(connection, 'the shop is closed; trying again');
  connection.dataset['state'] = 'lost';
});
