const pathPattern = /^\/SimpleNotificationService-[0-9a-f]{32}\.pem$/;

/** Where SNS keeps certificates, by partition; another partition is refused rather than guessed. */
const domains: ReadonlyMap<string, string> = new Map([
  ['aws', 'amazonaws.com'],
  ['aws-us-gov', 'amazonaws.com'],
  ['aws-cn', 'amazonaws.com.cn'],
]);

/**
 * Nothing unless the certificate is the service's own, of the topic's region. Anything looser (a host that ends in
 * amazonaws.com, a path that ends in .pem) lets whoever has a bucket there sign.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 */
export function checkCertificateUrl(text: string, topicArn: string): URL | undefined {
  const [, partition = '', , region = ''] = topicArn.split(':');
  const domain = domains.get(partition);
  if (domain === undefined || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (!pathPattern.test(url.pathname)) return undefined;
  // As written, not as normalized: no userinfo, port, query, fragment, dot segment or other spelling is left over.
  return text === `https://sns.${region}.${domain}${url.pathname}` ? url : undefined;
}
