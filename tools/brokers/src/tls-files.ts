import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { variableOf, type BrokerEnvironment, type Progress } from './broker.ts';
import { installDebianPackages } from './debian.ts';
import { cacheFolder } from './folders.ts';
import { isThere } from './is-there.ts';
import { withLock } from './lock.ts';

const run = promisify(execFile);
const days = '3650';

/** Paths of PEM files, for a client. */
export interface TlsFiles {
  /** What the brokers' certificates are signed by. */
  readonly ca: string;
  /** A client's own certificate, common name `client`. */
  readonly cert: string;
  readonly key: string;
}

/** The folder of the certificates that all brokers of this machine share: valid for localhost alone. */
export function tlsFolder(): string {
  return join(cacheFolder(), 'tls-1');
}

/** The variables under which programs find the certificates of a broker. */
export function tlsEnvironment(broker: string): BrokerEnvironment {
  return {
    [variableOf(broker, 'TLS_CA')]: join(tlsFolder(), 'ca.pem'),
    [variableOf(broker, 'TLS_CERT')]: join(tlsFolder(), 'client.pem'),
    [variableOf(broker, 'TLS_KEY')]: join(tlsFolder(), 'client-key.pem'),
  };
}

/** Where the certificates of a broker are, as its variables say. */
export function tlsFilesOf(
  broker: string,
  environment: BrokerEnvironment | NodeJS.ProcessEnv = process.env,
): TlsFiles {
  const path = (meaning: string): string => environment[variableOf(broker, meaning)] ?? '';
  return { ca: path('TLS_CA'), cert: path('TLS_CERT'), key: path('TLS_KEY') };
}

/**
 * Makes the certificates, once, in the cache folder: an authority of our own, and what it signed for
 * the server and for a client. The authority's key is thrown away, so that it will never sign another.
 *
 * @throws NotAvailable where there is no openssl and none can be installed.
 */
export async function prepareTlsFiles(progress: Progress): Promise<void> {
  const folder = tlsFolder();
  if (await isThere(folder)) return;
  await withLock(`${folder}.lock`, async () => {
    if (await isThere(folder)) return;
    if (!(await hasOpenssl())) {
      await installDebianPackages(['openssl'], 'certificates for TLS', progress);
    }
    await mkdir(cacheFolder(), { recursive: true });
    const draft = await mkdtemp(`${folder}.`);
    try {
      await make(draft);
      await rename(draft, folder);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  });
}

async function make(folder: string): Promise<void> {
  const openssl = async (...args: readonly string[]): Promise<unknown> =>
    run('openssl', args, { cwd: folder });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await writeFile(
    join(folder, 'openssl.cnf'),
    `[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[server]
subjectAltName = DNS:localhost, IP:127.0.0.1
extendedKeyUsage = serverAuth
[client]
extendedKeyUsage = clientAuth
`,
  );
  const config = ['-config', 'openssl.cnf'];
  const authority = ['-x509', '-days', days, '-extensions', 'authority', '-subj', '/CN=intermodal'];
  await openssl('req', ...config, ...authority, ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem');
  for (const [name, subject] of [
    ['server', '/CN=localhost'],
    ['client', '/CN=client'],
  ] as const) {
    const request = ['-subj', subject, '-keyout', `${name}-key.pem`, '-out', `${name}.csr`];
    await openssl('req', '-new', ...config, ...newKey, ...request);
    const signer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', days];
    const extensions = ['-extfile', 'openssl.cnf', '-extensions', name];
    const files = ['-in', `${name}.csr`, '-out', `${name}.pem`];
    await openssl('x509', '-req', ...signer, ...extensions, ...files);
  }
  for (const spent of ['ca.key', 'ca.srl', 'server.csr', 'client.csr', 'openssl.cnf']) {
    await rm(join(folder, spent), { force: true });
  }
}

async function hasOpenssl(): Promise<boolean> {
  try {
    await run('openssl', ['version']);
    return true;
  } catch {
    return false;
  }
}
