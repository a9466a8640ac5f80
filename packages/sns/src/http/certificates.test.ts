import { expect, test } from 'vitest';
import { makeCertificate } from '../../test/certificate.ts';
import { createCertificates } from './certificates.ts';
import { readCertificate } from './certificate.ts';

const made = makeCertificate();

function urlOf(number: number): URL {
  const name = number.toString(16).padStart(32, '0');
  return new URL(`https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-${name}.pem`);
}

test('a certificate of SNS is known by its names', () => {
  expect(readCertificate(made.pem)).toMatchObject({ key: { asymmetricKeyType: 'rsa' } });
  expect(readCertificate('text')).toBeUndefined();
  const { pem } = makeCertificate({ subject: 'evil.example' });
  expect(readCertificate(pem)).toBeUndefined();
  const lookalike = makeCertificate({ subject: 'sns.amazonaws.com.evil.example' });
  expect(readCertificate(lookalike.pem)).toBeUndefined();
  const issued = makeCertificate({ issuer: ['Evil', 'Amazon RSA 2048 M01'] });
  expect(readCertificate(issued.pem)).toBeUndefined();
});

test('one that is asked for many times at once, and afterwards, is fetched once', async () => {
  const fetched: string[] = [];
  const certificates = createCertificates((url) => {
    fetched.push(url.href);
    return Promise.resolve(made.pem);
  });
  await Promise.all(Array.from({ length: 5 }, () => certificates.find(urlOf(1))));
  await certificates.find(urlOf(1));
  expect(fetched).toEqual([urlOf(1).href]);
});

test('what could not be fetched is asked for again', async () => {
  let tries = 0;
  const certificates = createCertificates(() => {
    tries += 1;
    return tries === 1 ? Promise.reject(new Error('cut')) : Promise.resolve(made.pem);
  });
  expect(await certificates.find(urlOf(1))).toBe('unknown');
  expect(await certificates.find(urlOf(1))).toMatchObject({ key: {} });
});

test('no more than four are on their way, and no more than sixteen are kept', async () => {
  let waiting: (() => void)[] = [];
  let fetched = 0;
  const certificates = createCertificates(async () => {
    fetched += 1;
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
    });
    return made.pem;
  });
  const letGo = (): void => {
    for (const go of waiting) go();
    waiting = [];
  };
  const first = Array.from({ length: 6 }, (_, number) => certificates.find(urlOf(number)));
  await Promise.resolve();
  expect(waiting).toHaveLength(4);
  letGo();
  expect((await Promise.all(first)).filter((found) => found === 'unknown')).toHaveLength(2);
  for (let number = 10; number < 30; number += 1) {
    const finding = certificates.find(urlOf(number));
    letGo();
    await finding;
  }
  expect(fetched).toBe(24);
  // The oldest use is forgotten, the newest is not.
  void certificates.find(urlOf(0));
  void certificates.find(urlOf(29));
  expect(fetched).toBe(25);
  letGo();
});
