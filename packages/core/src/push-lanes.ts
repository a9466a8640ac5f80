/** A delivery's place in its lane. */
export interface PushTurn {
  /** Resolves when the one before it has returned; undefined where none is before it. */
  readonly turn: Promise<'go' | 'behind a retry'> | undefined;
  /** Whether the lane may go on is known: the answer has been given. */
  answered(mayGoOn: boolean): void;
  /** Its handler has returned. */
  left(): void;
}

/** Deliveries of one lane, one after the other. */
export interface PushLanes {
  enter(lane: string | undefined): PushTurn;
}

interface Place {
  /** Undefined until it is answered. */
  mayGoOn: boolean | undefined;
  readonly returned: Promise<void>;
}

export function createPushLanes(): PushLanes {
  const last = new Map<string, Place>();

  return {
    enter(lane) {
      if (lane === undefined) return { turn: undefined, answered: nothing, left: nothing };
      const before = last.get(lane);
      // What comes after the answer is the retry itself, or what follows it.
      const wasAnswered = before?.mayGoOn !== undefined;
      let left: () => void = nothing;
      const place: Place = {
        mayGoOn: undefined,
        returned: new Promise((resolve) => {
          left = resolve;
        }),
      };
      last.set(lane, place);
      return {
        turn: before?.returned.then(() =>
          before.mayGoOn === false && !wasAnswered ? 'behind a retry' : 'go',
        ),
        answered(mayGoOn) {
          place.mayGoOn = mayGoOn;
        },
        left() {
          left();
          if (last.get(lane) === place) last.delete(lane);
        },
      };
    },
  };
}

function nothing(): void {
  // Without a lane there is nobody to tell.
}
