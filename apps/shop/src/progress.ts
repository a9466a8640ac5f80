/** The part of standard error that is used. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Lines for the person at the terminal, with the state of things below them. */
export interface Progress {
  readonly note: (text: string) => void;
  readonly stop: () => void;
}

const clearLine = '\r\u001B[K';
const redrawMs = 100;
const lineMs = 5_000;

/** One line that is kept up to date on a terminal; elsewhere a line now and then. */
export function startProgress(terminal: Terminal, describe: () => string): Progress {
  const isTerminal = terminal.isTTY === true;

  function draw(): void {
    const width = (terminal.columns ?? 80) - 1;
    terminal.write(isTerminal ? `${clearLine}${describe().slice(0, width)}` : `${describe()}\n`);
  }

  const timer = setInterval(draw, isTerminal ? redrawMs : lineMs);
  return {
    note(text) {
      terminal.write(isTerminal ? `${clearLine}${text}\n` : `${text}\n`);
    },
    stop() {
      clearInterval(timer);
      if (isTerminal) terminal.write(clearLine);
    },
  };
}
