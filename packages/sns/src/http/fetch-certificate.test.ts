import { once } from 'node:events';
import { type RequestListener } from 'node:http';
import { Agent, createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { makeCertificate } from '../../test/certificate.ts';
import { certificateFetcher } from './fetch-certificate.ts';

const { pem, privateKey } = makeCertificate({ subject: 'localhost' });
const key = privateKey.export({ type: 'pkcs8', format: 'pem' });

/** What a server of ours, which is asked as SNS would be, makes of the request. */
async function fetched(answer: RequestListener): Promise<string> {
  const server = createServer({ cert: pem, key }, answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new Agent({ rejectUnauthorized: false });
  const { port } = server.address() as AddressInfo;
  try {
    return await certificateFetcher(agent)(new URL(`https://127.0.0.1:${port}/x.pem`));
  } finally {
    agent.destroy();
    server.closeAllConnections();
    server.close();
  }
}

test('the file as it is', async () => {
  expect(await fetched((_, response) => response.end(pem))).toBe(pem);
});

test('a redirect is not followed', async () => {
  let asked = 0;
  const redirecting = fetched((_, response) => {
    asked += 1;
    response.writeHead(302, { location: '/elsewhere.pem' }).end();
  });
  await expect(redirecting).rejects.toThrow(/status 302/);
  expect(asked).toBe(1);
});

test('what is larger than a certificate can be is not read to its end', async () => {
  const large = fetched((_, response) => {
    const write = (): void => {
      while (response.write('x'.repeat(1_024)));
      response.once('drain', write);
    };
    write();
  });
  await expect(large).rejects.toThrow(/larger than one can be/);
});

test('what never ends is given up', async () => {
  await expect(fetched(() => undefined)).rejects.toThrow(/abort/i);
});

test('a certificate of the server that nobody vouches for is refused', async () => {
  const server = createServer({ cert: pem, key }, (_, response) => response.end(pem));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = new URL(`https://127.0.0.1:${port}/x.pem`);
  await expect(certificateFetcher(undefined)(url)).rejects.toMatchObject({
    code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO/) as string,
  });
  server.closeAllConnections();
  server.close();
});
