const maxReason = 512;

/** What a dead letter says of a handler's error: its name and message, at most 512 characters of well-formed text. */
export function failureReason(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : 'the handler failed';
  const short = text.length > maxReason ? `${text.slice(0, maxReason - 1)}…` : text;
  // The cut may have halved a surrogate pair, and some brokers refuse the message then.
  return short.toWellFormed();
}
