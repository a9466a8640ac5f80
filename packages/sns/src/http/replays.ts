/** Ids of messages that were handled, so that whoever recorded one cannot have it handled again. */
export interface Replays {
  /** `done` was handled before; `running` is being handled; `new` may begin, and is `running` from now on. */
  begin(id: string, now: number): 'new' | 'running' | 'done';
  /** What was not handled may come again. */
  end(id: string, isDone: boolean, now: number): void;
}

/** For as long as a message counts as fresh; of more than `most`, the oldest are forgotten. */
export function createReplays(keepMs: number, most: number): Replays {
  /** Oldest first. */
  const done = new Map<string, number>();
  const running = new Set<string>();

  function forget(now: number): void {
    for (const [id, at] of done) {
      if (done.size <= most && now - at <= keepMs) return;
      done.delete(id);
    }
  }

  return {
    begin(id, now) {
      forget(now);
      if (done.has(id)) return 'done';
      if (running.has(id)) return 'running';
      running.add(id);
      return 'new';
    },
    end(id, isDone, now) {
      running.delete(id);
      if (!isDone) return;
      done.set(id, now);
      forget(now);
    },
  };
}
