import type { Receiver, Token } from './driver.ts';
import { IntermodalError } from './error.ts';
import { createWatermark, type Watermark } from './watermark.ts';
import { timer, type Timer, type Wheel } from './wheel.ts';

interface LogLane {
  readonly name: string;
  readonly watermark: Watermark;
  readonly timer: Timer;
  /** Reached and not written: a failed checkpoint is part of the next. */
  unwritten: Token | undefined;
  state: 'ours' | 'ended' | 'gone';
  writing: Promise<void> | undefined;
  armed: boolean;
  paused: boolean;
  /** Whatever is above the watermark, it fetches nothing more. */
  stopped: boolean;
  /** Who waits to write again. */
  readonly flushing: (() => void)[];
  readonly drained: (() => void)[];
}

export interface CheckpointOptions {
  readonly receiver: Receiver;
  readonly wheel: Wheel;
  readonly everyMs: number;
  readonly timeoutMs: number;
  /** More than this above the watermark, and the lane fetches nothing more until half of it has passed. */
  readonly maxAhead: number;
  readonly onWritten: (lane: string) => void;
  /** Another worker owns the lane. */
  readonly onLost: (lane: string) => void;
}

/** Watermarks of a log's lanes, written at a bounded interval, at a lane's end, and on stop. */
export interface Checkpoints {
  /** Adds a delivery; the result is called when it is settled. */
  arrive(lane: string, token: Token): () => void;
  /** The lane has no more messages: resolves when all of it is settled and its end is written. */
  end(lane: string): Promise<void>;
  /** The lane is being handed over: resolves when what is settled has been written. */
  release(lane: string): Promise<void>;
  /** The lane is somebody else's: no more checkpoints. */
  lose(lane: string): void;
  /** The lane fetches nothing more until it is told so again. */
  stop(lane: string, stopped: boolean): void;
  /** Writes what is settled now. */
  writeAll(): Promise<void>;
  kill(): void;
}

const flushRetryMs = 100;

export function createCheckpoints(options: CheckpointOptions): Checkpoints {
  const { receiver, wheel } = options;
  const lanes = new Map<string, LogLane>();
  let dead = false;

  function laneNamed(name: string): LogLane {
    const known = lanes.get(name);
    if (known !== undefined) return known;
    const lane: LogLane = {
      name,
      watermark: createWatermark(),
      timer: timer(() => {
        lane.armed = false;
        if (lane.flushing.length === 0) void write(lane);
        for (const resolve of lane.flushing.splice(0)) resolve();
      }),
      unwritten: undefined,
      state: 'ours',
      writing: undefined,
      armed: false,
      paused: false,
      stopped: false,
      flushing: [],
      drained: [],
    };
    lanes.set(name, lane);
    return lane;
  }

  function arm(lane: LogLane): void {
    if (lane.armed || dead || lane.state === 'gone') return;
    lane.armed = true;
    wheel.set(lane.timer, wheel.clock.now() + options.everyMs);
  }

  function arrive(name: string, token: Token): () => void {
    const lane = laneNamed(name);
    const settle = lane.watermark.add(token);
    pace(lane);
    return () => {
      settle();
      pace(lane);
      if (lane.state === 'ended' && lane.watermark.size === 0) void write(lane);
      else arm(lane);
    };
  }

  function pace(lane: LogLane): void {
    const { size } = lane.watermark;
    const isFar = lane.paused ? size > options.maxAhead / 2 : size >= options.maxAhead;
    const paused = lane.stopped || isFar;
    if (paused === lane.paused) return;
    lane.paused = paused;
    receiver.pauseLane?.(lane.name, paused);
  }

  /** One checkpoint of a lane at a time: a later one must not be overtaken by an earlier. */
  async function write(lane: LogLane): Promise<void> {
    while (lane.writing !== undefined) await lane.writing;
    if (dead || lane.state === 'gone') return;
    lane.unwritten = lane.watermark.take() ?? lane.unwritten;
    const at = lane.state === 'ended' && lane.watermark.size === 0 ? 'end' : lane.unwritten;
    if (at === undefined) return;
    lane.writing = put(lane, at);
    await lane.writing;
  }

  /** Until what is settled now is written, or cannot be any more. */
  async function flush(lane: LogLane): Promise<void> {
    for (;;) {
      await write(lane);
      if (dead || lane.state === 'gone' || lane.unwritten === undefined) return;
      await new Promise<void>((resolve) => {
        lane.flushing.push(resolve);
        wheel.set(lane.timer, wheel.clock.now() + Math.min(options.everyMs, flushRetryMs));
      });
    }
  }

  async function put(lane: LogLane, at: Token | 'end'): Promise<void> {
    const controller = new AbortController();
    const tooSlow = timer(() => {
      const text = `no answer to a checkpoint within ${options.timeoutMs} ms`;
      controller.abort(new IntermodalError('timeout', text, { retryable: true }));
    });
    wheel.set(tooSlow, wheel.clock.now() + options.timeoutMs);
    try {
      const outcome = (await receiver.checkpoint?.(lane.name, at, controller.signal)) ?? 'done';
      // The lane may have been lost and granted again since: the answer is the earlier ownership's.
      if (lanes.get(lane.name) !== lane) return;
      if (outcome === 'lost') {
        gone(lane);
        options.onLost(lane.name);
      } else if (outcome === 'done') {
        if (lane.unwritten === at || at === 'end') lane.unwritten = undefined;
        options.onWritten(lane.name);
        if (at === 'end') gone(lane);
      } else arm(lane);
    } catch {
      arm(lane); // what was not written is part of the next checkpoint
    } finally {
      wheel.cancel(tooSlow);
      lane.writing = undefined;
    }
  }

  function gone(lane: LogLane): void {
    if (lane.state === 'gone') return;
    lane.state = 'gone';
    wheel.cancel(lane.timer);
    if (lanes.get(lane.name) === lane) lanes.delete(lane.name);
    for (const resolve of [...lane.drained, ...lane.flushing]) resolve();
  }

  return {
    arrive,
    end(name) {
      const lane = laneNamed(name);
      lane.state = 'ended';
      return new Promise((resolve) => {
        lane.drained.push(resolve);
        if (lane.watermark.size === 0) void write(lane);
      });
    },
    async release(name) {
      const lane = lanes.get(name);
      if (lane === undefined) return;
      await flush(lane);
      gone(lane);
    },
    lose(name) {
      const lane = lanes.get(name);
      if (lane !== undefined) gone(lane);
    },
    stop(name, stopped) {
      const lane = lanes.get(name);
      if (lane === undefined) return;
      lane.stopped = stopped;
      pace(lane);
    },
    async writeAll() {
      await Promise.all(Array.from(lanes.values(), flush));
    },
    kill() {
      dead = true;
      for (const lane of [...lanes.values()]) gone(lane);
    },
  };
}
