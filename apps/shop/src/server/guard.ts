import { isIP } from 'node:net';

/** What of a request tells who sent it. */
export interface Asking {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site` */
  readonly site: string | undefined;
  readonly contentType: string | undefined;
}

const loopback: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);
/** Those that no page of another origin can send without asking first. */
const bodies: ReadonlySet<string> = new Set(['application/json', 'application/x-ndjson']);

/**
 * Why a request is not answered; undefined where it is. Another site that a browser has open must neither reach the shop
 * through a name that it controls (DNS rebinding) nor make it do anything.
 *
 * @param boundTo what the server listens on
 */
export function refusalOf(asking: Asking, boundTo: string): string | undefined {
  const { method, host = '', origin, site, contentType = '' } = asking;
  if (!isOurName(nameOf(host), boundTo))
    return 'this is no name of the shop: open it by its address';
  if (origin !== undefined && origin !== `http://${host}`)
    return 'only the page of the shop may ask';
  // What only reads may be followed to from a link; other sites cannot see what it answers.
  if (method === 'GET' || method === 'HEAD') return undefined;
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return 'only the page of the shop may ask';
  return bodies.has(contentType.split(';', 1).join().trim().toLowerCase())
    ? undefined
    : 'the body must be application/json or application/x-ndjson';
}

/** Without the port. */
function nameOf(host: string): string {
  return host.replace(/:\d+$/, '').toLowerCase();
}

/** An address cannot be rebound, and a name only to what it was given for. */
function isOurName(name: string, boundTo: string): boolean {
  if (loopback.has(name)) return true;
  if (loopback.has(boundTo) || boundTo === '::1') return false;
  return name === boundTo.toLowerCase() || isIP(name.replace(/^\[|\]$/g, '')) !== 0;
}
