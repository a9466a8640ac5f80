/** Where the shop can be run: a broker of its own, since its channels have the same names everywhere. */
export interface Place {
  readonly name: string;
  /** How many orders are worth their time there; each costs six sends. */
  readonly orders: number;
  /** Whether each customer's messages come in order. */
  readonly isOrdered: boolean;
  /** Whether the events of orders are read by every group, as on memory, or by one. */
  readonly groups: 'one' | 'many';
  start(): Promise<StartedPlace>;
}

export interface StartedPlace extends AsyncDisposable {
  /** For `--transport`. */
  readonly url: string;
}
