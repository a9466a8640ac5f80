export { type Totals, totalsLine } from './ledger.ts';
export { type Fault, type FaultRun, runFaults, type Victims } from './run-faults.ts';
export { crashFault, networkFaults, processFaults, rabbitmqFaults } from './usual-faults.ts';
