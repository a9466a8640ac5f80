/** Variables under which programs find a broker; the same whether it was started or given. */
export type BrokerEnvironment = Readonly<Record<string, string>>;

/** Loopback ports by the names that the broker's definition gives them. */
export type Ports = Readonly<Record<string, number>>;

/** Where one run of a broker keeps its things. */
export interface Place {
  /** Empty at the first start, kept by `restart`, removed by `stop`. */
  readonly data: string;
  readonly ports: Ports;
}

/** A process in the foreground; its output goes to the broker's log. */
export interface ProcessSpec {
  /** By which `kill` and its like are told apart, where a broker has several that may fail alone. */
  readonly member?: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly workingFolder?: string;
  /** The next process starts only once something listens on this loopback port. */
  readonly listensOn?: number;
}

/** Running a broker's own programs on this machine. */
export interface LocalWay {
  /**
   * Makes the programs available, and is quick when they are.
   *
   * @throws NotAvailable with what to install.
   */
  prepare(progress: Progress): Promise<void>;
  /** In start order; the last one is the broker itself, which `kill` ends the hard way. */
  processes(place: Place): readonly ProcessSpec[] | Promise<readonly ProcessSpec[]>;
  /** One of the broker's own commands, such as its administration tool, for a broker that runs there. */
  command?(place: Place, name: string, args: readonly string[]): ProcessSpec;
  /** @defaultValue 60 000 */
  readonly readyWithinMs?: number;
}

/** Running a broker from `compose.yaml`, which maps each port from `INTERMODAL_<NAME>_<PORT>_PORT`. */
export interface ComposeWay {
  readonly service: string;
}

/** One broker or emulator: a file in `brokers/` that exports it as `broker`, with variants as `brokers`. */
export interface Broker {
  readonly name: string;
  /** What it offers, for `status`: one line. */
  readonly offers: string;
  /** Set where `pnpm brokers up` without names should not start it: it is a variant, or takes long. */
  readonly onlyByName?: true;
  /** Names of the ports it listens on. */
  readonly ports: readonly string[];
  /** What programs need to reach it on these ports. */
  environment(ports: Ports): BrokerEnvironment;
  /** The broker that the environment names, if it names one. */
  given(environment: NodeJS.ProcessEnv): BrokerEnvironment | undefined;
  /** Resolves to whether the broker answers there; rejecting counts as no. */
  answers(environment: BrokerEnvironment): Promise<boolean>;
  readonly compose?: ComposeWay;
  readonly local?: LocalWay;
}

/** Tells the person who waits what takes its time. */
export type Progress = (line: string) => void;

/** A broker cannot be had here; the message says what to install or to set. */
export class NotAvailable extends Error {
  override readonly name = 'NotAvailable';
}

/** `given` for a broker that one variable is enough to find. */
export function givenBy(
  variable: string,
  ...more: readonly string[]
): (environment: NodeJS.ProcessEnv) => BrokerEnvironment | undefined {
  return (environment) => {
    if (!environment[variable]) return undefined;
    const found = [variable, ...more].flatMap((name) => {
      const value = environment[name];
      return value ? [[name, value] as const] : [];
    });
    return Object.fromEntries(found);
  };
}

/** The variable of that meaning for a broker: `INTERMODAL_RABBITMQ_TLS_CA`. */
export function variableOf(broker: string, meaning: string): string {
  return `INTERMODAL_${broker.replaceAll('-', '_').toUpperCase()}_${meaning}`;
}
