/** What the page is told, several times a second. Nothing but data, since it goes over the wire as JSON. */
export interface Snapshot {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly transport: CurrentTransport;
  readonly offers: readonly OfferState[];
  readonly swap: SwapState | undefined;
  /** The latest first. */
  readonly swaps: readonly SwapReport[];
  readonly readers: readonly ReaderState[];
  readonly totals: LiveTotals;
  readonly rates: LiveRates;
  readonly intake: { readonly ordersPerSecond: number; readonly waiting: number };
  readonly broker: BrokerState;
  /** The latest last; `id` grows by one. */
  readonly notes: readonly Note[];
}

export interface CurrentTransport {
  readonly id: string;
  readonly label: string;
  readonly name: string;
  readonly runsOn: string;
  readonly capabilities: Readonly<Record<string, string | boolean>>;
}

export interface OfferState {
  readonly id: string;
  readonly label: string;
  readonly runsOn: string;
  readonly isReachable: boolean;
  readonly howToStart: string | undefined;
}

/** The steps of a hand-over, in their order. */
export type SwapStep = 'open' | 'hold' | 'drain' | 'close' | 'go on';

export interface SwapState {
  readonly from: string;
  readonly to: string;
  readonly step: SwapStep;
  /** Deliveries that the old transport still has to make. */
  readonly left: number;
  /** Deliveries that were to be made when no more orders were placed there. */
  readonly toDrain: number;
}

export interface SwapReport {
  readonly from: string;
  readonly to: string;
  readonly at: number;
  /** From the last order placed on the old one to the first that may go to the new one. */
  readonly pauseMs: number;
  readonly drained: number;
  readonly redriven: number;
  readonly released: number;
  readonly missing: number;
}

export interface ReaderState {
  /** `<channel>/<group>` */
  readonly reader: string;
  readonly channel: string;
  readonly group: string;
  readonly delivered: number;
  /** Intended for it, and neither handled nor in the dead letters. */
  readonly inFlight: number;
  readonly running: number;
  /** Held here: waiting for a slot, for its key, or for its next attempt. */
  readonly waiting: number;
  readonly deadLettered: number;
  readonly retried: number;
  /** Whether the transport in use has this group. */
  readonly isRead: boolean;
  readonly consuming: boolean;
  readonly handler: string;
}

export interface LiveTotals {
  readonly orders: number;
  readonly badLines: number;
  readonly published: number;
  readonly delivered: number;
  readonly inFlight: number;
  readonly lost: number;
  readonly repeated: number;
  readonly outOfOrder: number;
  readonly overtakenInDeadLetters: number;
  readonly unexpected: number;
  readonly deadLettered: number;
  readonly retried: number;
  readonly redelivered: number;
  readonly leasesLost: number;
  readonly redriven: number;
}

export interface LiveRates {
  readonly publishedPerSecond: number;
  readonly handledPerSecond: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface BrokerState {
  /** Whether the shop started it, and may kill it. */
  readonly isOurs: boolean;
  readonly state: 'up' | 'killed' | 'restarting';
  readonly forgets: 'nothing' | 'messages' | 'everything' | undefined;
}

export interface Note {
  readonly id: number;
  readonly at: number;
  readonly text: string;
}

/** A moment of the charts. */
export interface Moment {
  readonly at: number;
  readonly publishedPerSecond: number;
  readonly handledPerSecond: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly inFlight: number;
  readonly transport: string;
}

/** The one line that changes, in the program around it, and what the compiler says of each line there. */
export interface Code {
  readonly lines: readonly string[];
  /** Indices of the lines that name the transport. */
  readonly changing: readonly number[];
  readonly errors: readonly { readonly line: number; readonly text: string }[];
}

/** What became of lines that somebody gave the page. */
export interface TakenOrders {
  readonly orders: number;
  readonly badLines: number;
  /** The first of them. */
  readonly bad: readonly { readonly line: number; readonly reason: string }[];
}
