import { type KeyObject, X509Certificate } from 'node:crypto';

/** Who signs for SNS. */
const subjectPattern = /^CN=sns\.(?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?$/m;
const issuerPattern = /^O=Amazon$/m;

export interface SigningCertificate {
  readonly key: KeyObject;
  readonly validFrom: number;
  readonly validTo: number;
}

/** Nothing unless it is a certificate of SNS by its names. */
export function readCertificate(pem: string): SigningCertificate | undefined {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    return undefined;
  }
  const { subject, issuer, publicKey, validFrom, validTo } = certificate;
  if (!subjectPattern.test(subject) || !issuerPattern.test(issuer)) return undefined;
  if (publicKey.asymmetricKeyType !== 'rsa') return undefined;
  return { key: publicKey, validFrom: Date.parse(validFrom), validTo: Date.parse(validTo) };
}
