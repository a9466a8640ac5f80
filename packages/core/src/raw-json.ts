const quote = 0x22;
const backslash = 0x5c;

/**
 * The members of a JSON object, each value as the text it was written in: parsing and writing again would change
 * numbers and white space. Where a name stands twice the last one counts, as in `JSON.parse`.
 *
 * @param text known to be a valid JSON object
 */
export function rawMembers(text: string): ReadonlyMap<string, string> {
  const members = new Map<string, string>();
  let at = skipSpace(text, text.indexOf('{') + 1);
  while (text.charCodeAt(at) === quote) {
    const nameEnd = endOfString(text, at);
    const name = JSON.parse(text.slice(at, nameEnd)) as string;
    const valueStart = skipSpace(text, text.indexOf(':', nameEnd) + 1);
    const valueEnd = endOfValue(text, valueStart);
    members.set(name, text.slice(valueStart, valueEnd));
    at = skipSpace(text, text.indexOf(',', valueEnd) + 1 || text.length);
  }
  return members;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** A loop and not a pattern: a pattern with a repeated choice runs out of stack on megabytes. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== quote)
    at += text.charCodeAt(at) === backslash ? 2 : 1;
  return at + 1;
}

function endOfValue(text: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    switch (text.charAt(at)) {
      case '"':
        at = endOfString(text, at);
        if (depth === 0) return at;
        break;
      case '{':
      case '[':
        depth += 1;
        at += 1;
        break;
      case '}':
      case ']':
        if (depth === 0) return at;
        depth -= 1;
        at += 1;
        if (depth === 0) return at;
        break;
      default:
        if (depth === 0 && (text.charAt(at) === ',' || isSpace(text.charCodeAt(at)))) return at;
        at += 1;
    }
  }
  return at;
}
