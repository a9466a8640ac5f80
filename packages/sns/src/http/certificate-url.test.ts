import { expect, test } from 'vitest';
import { checkCertificateUrl } from './certificate-url.ts';

const file = 'SimpleNotificationService-0123456789abcdef0123456789abcdef.pem';
const topic = 'arn:aws:sns:eu-west-1:123456789012:orders';

test.each([
  [`https://sns.eu-west-1.amazonaws.com/${file}`, topic],
  [`https://sns.cn-north-1.amazonaws.com.cn/${file}`, 'arn:aws-cn:sns:cn-north-1:1:orders'],
  [`https://sns.us-gov-west-1.amazonaws.com/${file}`, 'arn:aws-us-gov:sns:us-gov-west-1:1:orders'],
])('%s is the service’s own', (url, arn) => {
  expect(checkCertificateUrl(url, arn)?.href).toBe(url);
});

test.each([
  `http://sns.eu-west-1.amazonaws.com/${file}`,
  `https://sns.eu-central-1.amazonaws.com/${file}`,
  `https://sns.eu-west-1.amazonaws.com.evil.example/${file}`,
  `https://sns.eu-west-1.amazonaws.com.cn/${file}`,
  `https://evil.example/sns.eu-west-1.amazonaws.com/${file}`,
  `https://sns.eu-west-1.amazonaws.com@evil.example/${file}`,
  `https://user:password@sns.eu-west-1.amazonaws.com/${file}`,
  `https://sns.eu-west-1.amazonaws.com:444/${file}`,
  `https://sns.eu-west-1.amazonaws.com:443/${file}`,
  `https://sns.eu-west-1.amazonaws.com\\@evil.example/${file}`,
  `https://evil-sns.eu-west-1.amazonaws.com/${file}`,
  `https://bucket.s3.amazonaws.com/${file}`,
  `https://sns.eu-west-1.amazonaws.com./${file}`,
  `https://SNS.eu-west-1.amazonaws.com/${file}`,
  `https://sns.eu-west-1.amazonaws.com/other/${file}`,
  `https://sns.eu-west-1.amazonaws.com/x/../${file}`,
  `https://sns.eu-west-1.amazonaws.com/%2e%2e/${file}`,
  `https://sns.eu-west-1.amazonaws.com//${file}`,
  `https://sns.eu-west-1.amazonaws.com/${file}?x=1`,
  `https://sns.eu-west-1.amazonaws.com/${file}#x`,
  `https://sns.eu-west-1.amazonaws.com/${file.toUpperCase()}`,
  `https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123.pem`,
  `https://sns.eu-west-1.amazonaws.com/evil.pem`,
  `https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&x=${file}`,
  `  https://sns.eu-west-1.amazonaws.com/${file}`,
  `file:///${file}`,
  `data:text/plain,${file}`,
  '',
])('%s is refused', (url) => {
  expect(checkCertificateUrl(url, topic)).toBeUndefined();
});

test('a partition that is not known is refused', () => {
  const arn = 'arn:aws-other:sns:eu-west-1:123456789012:orders';
  expect(checkCertificateUrl(`https://sns.eu-west-1.amazonaws.com/${file}`, arn)).toBeUndefined();
});
