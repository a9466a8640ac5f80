import { readFileSync } from 'node:fs';
import type { Code } from '../live/snapshot.ts';
import type { Offer } from '../offers/offer.ts';
import type { Complaint } from './compile.ts';
import { programOf } from './program.ts';

const said = JSON.parse(
  readFileSync(new URL('./compiler-says.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, readonly Complaint[]>>;

/** The program with an offer's line in it. Of a transport that was given by a URL the compiler knows nothing. */
export function codeOf({ id, code }: Offer): Code {
  return { ...programOf(code), errors: said[id] ?? [] };
}
