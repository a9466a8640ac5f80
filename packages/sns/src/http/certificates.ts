import { readCertificate, type SigningCertificate } from './certificate.ts';
import type { FetchCertificate } from './fetch-certificate.ts';

/** `bad`: there is one, and SNS did not make it. `unknown`: it could not be had now. */
export type Found = SigningCertificate | 'bad' | 'unknown';

/** Certificates by URL, as few requests as can be. */
export interface Certificates {
  find(url: URL): Promise<Found>;
}

// A region has one certificate at a time, renewed once a year.
const mostKept = 16;
// Anyone can make up names of certificates: each costs a request to AWS, so there is a bound to how many at once.
const mostAtOnce = 4;

export function createCertificates(fetchCertificate: FetchCertificate): Certificates {
  /** Oldest use first. What could not be had is not kept: SNS tries again. */
  const kept = new Map<string, SigningCertificate>();
  const coming = new Map<string, Promise<Found>>();

  async function load(url: URL): Promise<Found> {
    let pem: string;
    try {
      pem = await fetchCertificate(url);
    } catch {
      return 'unknown';
    }
    const certificate = readCertificate(pem);
    if (certificate === undefined) return 'bad';
    kept.set(url.href, certificate);
    for (const oldest of kept.keys()) {
      if (kept.size <= mostKept) break;
      kept.delete(oldest);
    }
    return certificate;
  }

  return {
    find(url) {
      const known = kept.get(url.href);
      if (known !== undefined) {
        kept.delete(url.href);
        kept.set(url.href, known);
        return Promise.resolve(known);
      }
      const under = coming.get(url.href);
      if (under !== undefined) return under;
      if (coming.size >= mostAtOnce) return Promise.resolve('unknown');
      const loading = load(url).finally(() => coming.delete(url.href));
      coming.set(url.href, loading);
      return loading;
    },
  };
}
