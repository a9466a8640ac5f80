import { parseTransportUrl } from '@intermodal/core';
import { transportOf } from '../transport.ts';
import type { Offer } from './offer.ts';

/** What `--transport` names by a URL: it is not in the list, and the page never shows its login or parameters. */
export function givenOffer(url: string): Offer {
  const [scheme = ''] = url.split(':', 1);
  return {
    id: 'given',
    label: `${scheme}, as given`,
    code: {
      module: '@intermodal/core',
      factory: 'await openTransport',
      options: `'${scheme}://…', factories`,
    },
    runsOn: hostsOf(url),
    isReachable: () => Promise.resolve(true),
    start: () =>
      Promise.resolve({
        open: () => transportOf(url),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
  };
}

/** Of a URL that is none, its own error says more when it is opened. */
function hostsOf(url: string): string {
  try {
    const { hosts } = parseTransportUrl(url);
    const where = hosts.map(({ host, port }) => (port === undefined ? host : `${host}:${port}`));
    return where.join(', ') || 'what its URL says';
  } catch {
    return 'what its URL says';
  }
}
