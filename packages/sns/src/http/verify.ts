import { createVerify, type KeyObject } from 'node:crypto';
import type { Certificates } from './certificates.ts';
import { checkCertificateUrl } from './certificate-url.ts';
import { type SnsEnvelope, textToSign } from './envelope.ts';

/** What is demanded of a message before anything in it is believed. */
export interface VerifyRules {
  readonly topics: ReadonlySet<string>;
  readonly signatureVersions: readonly ('1' | '2')[];
  /** Older by its time than this is stale. */
  readonly maxAgeMs: number;
}

/** `unsure`: it may be genuine, and the certificate could not be had. */
export type Verdict = 'genuine' | 'forged' | 'unsure';

// Clocks differ.
const maxAheadMs = 300_000;

/** From what costs least to what asks AWS: only a message that looks right in all else makes a request. */
export async function verify(
  envelope: SnsEnvelope,
  rules: VerifyRules,
  certificates: Certificates,
  now: number,
): Promise<Verdict> {
  const { topicArn, timestamp, signed } = envelope;
  if (!rules.topics.has(topicArn)) return 'forged';
  if (!isFresh(timestamp, rules.maxAgeMs, now)) return 'forged';
  const version = rules.signatureVersions.find((known) => known === signed.version);
  const url = checkCertificateUrl(signed.certificateUrl, topicArn);
  if (version === undefined || url === undefined || !isBase64(signed.signature)) return 'forged';
  const found = await certificates.find(url);
  if (found === 'unknown') return 'unsure';
  if (found === 'bad' || now < found.validFrom || now > found.validTo) return 'forged';
  return isSigned(envelope, version, found.key) ? 'genuine' : 'forged';
}

function isFresh(timestamp: string, maxAgeMs: number, now: number): boolean {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(timestamp)) return false;
  const age = now - Date.parse(timestamp);
  return age <= maxAgeMs && age >= -maxAheadMs;
}

function isBase64(text: string): boolean {
  return text.length <= 2_048 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
}

function isSigned(envelope: SnsEnvelope, version: '1' | '2', key: KeyObject): boolean {
  const verifier = createVerify(version === '1' ? 'RSA-SHA1' : 'RSA-SHA256');
  verifier.update(textToSign(envelope), 'utf8');
  return verifier.verify(key, envelope.signed.signature, 'base64');
}
