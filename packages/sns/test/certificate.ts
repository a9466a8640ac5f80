import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** What a made-up certificate says. */
export interface CertificateOptions {
  readonly subject?: string;
  /** The organization and the name of who issued it. */
  readonly issuer?: readonly [string, string];
  readonly validFrom?: Date;
  readonly validTo?: Date;
}

export interface MadeCertificate {
  readonly pem: string;
  readonly privateKey: KeyObject;
}

const day = 86_400_000;

/** As SNS has it, unless told otherwise: by hand, since Node reads certificates and makes none. */
export function makeCertificate(options: CertificateOptions = {}): MadeCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const [organization, name] = options.issuer ?? ['Amazon', 'Amazon RSA 2048 M01'];
  const { validFrom = new Date(Date.now() - day), validTo = new Date(Date.now() + day) } = options;
  const algorithm = der(0x30, objectId('2a864886f70d01010b'), der(0x05));
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    algorithm,
    names([
      ['55040a', organization],
      ['550403', name],
    ]),
    der(0x30, time(validFrom), time(validTo)),
    names([['550403', options.subject ?? 'sns.amazonaws.com']]),
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = sign('sha256', body, privateKey);
  const certificate = der(0x30, body, algorithm, der(0x03, Buffer.from([0]), signature));
  const lines = certificate.toString('base64').replaceAll(/.{64}/g, '$&\n');
  return {
    pem: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    privateKey,
  };
}

function names(parts: readonly (readonly [string, string])[]): Buffer {
  const one = ([id, text]: readonly [string, string]): Buffer =>
    der(0x31, der(0x30, objectId(id), der(0x0c, Buffer.from(text))));
  return der(0x30, ...parts.map(one));
}

function objectId(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function time(at: Date): Buffer {
  return der(0x18, Buffer.from(at.toISOString().replaceAll(/[-:T]|\.\d+/g, '')));
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
