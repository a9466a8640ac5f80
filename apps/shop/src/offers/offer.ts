import type { Transport } from '@intermodal/core';

/** One entry of the list of transports that the page offers: add a file here and name it in `index.ts`. */
export interface Offer {
  /** As in `--swap fauxqs-fifo`: of the broker, since the name of a transport alone is a URL. */
  readonly id: string;
  readonly label: string;
  /** The one line of an application that changes. */
  readonly code: OfferCode;
  /** Where the messages are, for people. */
  readonly runsOn: string;
  /** What to do where it cannot be reached; nothing for what the shop starts by itself. */
  readonly howToStart?: string;
  /** Quick, and never rejects. */
  isReachable(): Promise<boolean>;
  /** Starts what the shop brings along. @throws with what is missing */
  start(): Promise<Station>;
}

export interface OfferCode {
  readonly module: string;
  readonly factory: string;
  /** The arguments of the factory. */
  readonly options: string;
}

/** A broker that transports can be opened to. */
export interface Station extends AsyncDisposable {
  open(): Promise<Transport>;
  /** Where the shop started the broker itself and may therefore treat it badly. */
  readonly broker?: EmbeddedBroker;
}

export interface EmbeddedBroker {
  /** Whether its messages and channels are gone once it is killed. */
  readonly forgets: 'nothing' | 'messages' | 'everything';
  kill(): Promise<void>;
  restart(): Promise<void>;
}

export function lineOf({ factory, options }: OfferCode): string {
  return `const client = createClient({ transport: ${factory}(${options}) });`;
}
