import { type Agent, get } from 'node:https';
import type { IncomingMessage } from 'node:http';

const maxBytes = 16_384;
const timeoutMs = 4_000;

/** Where a certificate is fetched from has been checked before. Rejects for anything but a small file in time. */
export type FetchCertificate = (url: URL) => Promise<string>;

/** Redirects are not followed: Node does not, and an answer that is none is refused. */
export function certificateFetcher(agent: Agent | undefined): FetchCertificate {
  return (url) =>
    new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(timeoutMs);
      const options = agent === undefined ? { signal } : { signal, agent };
      get(url, options, (response) => {
        if (response.statusCode === 200) {
          readSmall(response).then(resolve, reject);
          return;
        }
        response.destroy();
        reject(new Error(`the certificate was answered with status ${response.statusCode}`));
      }).once('error', reject);
    });
}

async function readSmall(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > maxBytes) {
      response.destroy();
      throw new Error('the certificate is larger than one can be');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('latin1');
}
