import type { MqttClient } from 'mqtt';

/** Reads nothing more of a connection while its deliveries find no room; TCP holds the broker back. */
export interface Reading {
  attach(native: MqttClient): void;
  /** From now on: an answer that is waited for must not be held up by messages of an earlier time. */
  begin(native: MqttClient): void;
  /** There may be room again. */
  goOn(): void;
  end(): void;
}

export function holdReading(keepAliveMs: number, isFull: () => boolean): Reading {
  let hasBegun = false;
  let onRoom: (() => void) | undefined;
  let hasHeard = false;
  let pinging: ReturnType<typeof setInterval> | undefined;

  function release(): void {
    const resume = onRoom;
    onRoom = undefined;
    resume?.();
  }

  return {
    attach(native) {
      native.handleMessage = (_packet, done) => {
        hasHeard = true;
        if (hasBegun && isFull()) onRoom = done;
        else done();
      };
    },
    begin(native) {
      hasBegun = true;
      // The answer to a ping may stand behind messages that nobody reads now: these show that the broker lives, too.
      pinging = setInterval(() => {
        native.sendPing();
        if (hasHeard || onRoom !== undefined) native.reschedulePing(true);
        hasHeard = false;
      }, keepAliveMs / 2);
    },
    goOn() {
      if (onRoom !== undefined && !isFull()) release();
    },
    end() {
      clearInterval(pinging);
      release();
    },
  };
}
