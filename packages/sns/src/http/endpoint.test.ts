import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Rejection } from '@intermodal/core';
import { createVirtualClock } from '@intermodal/core/testing';
import { expect, test } from 'vitest';
import { makeCertificate } from '../../test/certificate.ts';
import { recordingAgent, type Scene, scene } from '../../test/endpoint-scene.ts';
import {
  certificateUrl,
  confirmation,
  genuine,
  type Members,
  notification,
  requestOf,
  signed,
  topicArn,
} from '../../test/sns-sender.ts';

async function statusOf({ endpoint }: Scene, request: Request): Promise<number> {
  return (await endpoint.fetch(request)).status;
}

function attribute(Value: string, Type = 'String'): { Type: string; Value: string } {
  return { Type, Value };
}

test.each(['1', '2'])(
  'a message with signature version %s is handled, and acked',
  async (version) => {
    await using it = scene();
    const sent = notification({
      SignatureVersion: version,
      Subject: 'Orders',
      MessageAttributes: { tenant: attribute('a'), imkey: attribute('customer-7') },
    });
    expect(await statusOf(it, requestOf(signed(sent)))).toBe(200);
    expect(it.handled).toMatchObject([
      { id: sent['MessageId'], body: { n: 1 }, key: 'customer-7' },
    ]);
    expect(it.handled[0]?.headers.get('tenant')).toBe('a');
    expect(it.handled[0]?.native).toMatchObject({ subject: 'Orders', topicArn });
    expect(it.fetched).toEqual([certificateUrl]);
  },
);

test('a null subject, as Lambda writes it, is not signed', async () => {
  await using it = scene();
  const { Subject: _, ...sent } = signed(notification());
  expect(await statusOf(it, requestOf({ ...sent, Subject: null }))).toBe(200);
});

test('the first message fetches the certificate, and the others do not', async () => {
  await using it = scene();
  for (let count = 0; count < 3; count += 1) await statusOf(it, requestOf(signed(notification())));
  expect(it.handled).toHaveLength(3);
  expect(it.fetched).toHaveLength(1);
});

test('a subscription to a topic of ours is confirmed through the API, and never by its URL', async () => {
  const { agent, hosts } = recordingAgent();
  await using it = scene({ agent, fetchCertificate: () => Promise.resolve(genuine.pem) });
  const sent = confirmation({ SubscribeURL: 'https://evil.example/?Action=ConfirmSubscription' });
  expect(await statusOf(it, requestOf(signed(sent)))).toBe(200);
  expect(it.called).toEqual([
    {
      name: 'ConfirmSubscriptionCommand',
      input: { TopicArn: topicArn, Token: sent['Token'], AuthenticateOnUnsubscribe: 'true' },
    },
  ]);
  expect(hosts).toEqual([]);
  expect(it.handled).toEqual([]);
});

test('the end of a subscription is acked once its signature is right, and asks nothing', async () => {
  await using it = scene();
  const sent = confirmation({ Type: 'UnsubscribeConfirmation' });
  expect(await statusOf(it, requestOf(signed(sent)))).toBe(200);
  expect(await statusOf(it, requestOf({ ...signed(sent), Token: 'other' }))).toBe(403);
  expect(it.called).toEqual([]);
});

const wrongTopic = 'arn:aws:sns:eu-west-1:999999999999:orders';
const otherKey = makeCertificate();

/** Messages that must be refused, and what makes each of them look genuine. */
const attacks: Readonly<Record<string, () => Members>> = {
  'a topic that is not ours': () => signed(notification({ TopicArn: wrongTopic })),
  'a subscription to a topic that is not ours': () =>
    signed(confirmation({ TopicArn: wrongTopic })),
  'a signature by another key': () => signed(notification(), otherKey),
  'a signature of another message': () => ({ ...signed(notification()), Message: '{"n":2}' }),
  'another id': () => ({ ...signed(notification()), MessageId: crypto.randomUUID() }),
  'a subject that was added': () => ({ ...signed(notification()), Subject: 'added' }),
  'a subject that was taken away': () => {
    const { Subject: _, ...rest } = signed(notification({ Subject: 'there' }));
    return rest;
  },
  'a token that was changed': () => ({ ...signed(confirmation()), Token: 'other' }),
  'a time that was renewed': () => ({
    ...signed(notification()),
    Timestamp: new Date(Date.now() + 1_000).toISOString(),
  }),
  'a notification made of a confirmation': () => ({
    ...signed(confirmation()),
    Type: 'Notification',
  }),
  'a signature version that says SHA-1 of a SHA-256': () => ({
    ...signed(notification()),
    SignatureVersion: '1',
  }),
  'a signature version that does not exist': () => ({
    ...signed(notification()),
    SignatureVersion: '3',
  }),
  'an empty signature': () => ({ ...notification(), Signature: '' }),
  'a signature that is no base64': () => ({ ...notification(), Signature: '%%%%' }),
  'a message from two hours ago': () =>
    signed(notification({ Timestamp: new Date(Date.now() - 7_200_000).toISOString() })),
  'a message from tomorrow': () =>
    signed(notification({ Timestamp: new Date(Date.now() + 86_400_000).toISOString() })),
  'a time that is none': () => signed(notification({ Timestamp: 'now' })),
  ...Object.fromEntries(
    [
      'https://evil.example/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem',
      'https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem',
      'https://bucket.s3.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem',
      'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem',
      'http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem',
      'https://sns.eu-west-1.amazonaws.com/other.pem',
      'http://169.254.169.254/latest/meta-data/',
      'file:///etc/passwd',
    ].map((url) => [
      `a certificate at ${url}`,
      (): Members => signed(notification({ SigningCertURL: url })),
    ]),
  ),
};

test.each(Object.entries(attacks))(
  '%s is refused, and no request goes to a host that is not allowed',
  async (_, members) => {
    const { agent, hosts } = recordingAgent();
    await using it = scene({ agent });
    await using genuineScene = scene();
    const sent = members();
    // Where the certificate's URL is right, the request for it goes out first, and to no other host.
    expect([403, 503]).toContain(await statusOf(it, requestOf(sent)));
    expect(hosts.filter((host) => host !== 'sns.eu-west-1.amazonaws.com')).toEqual([]);
    // And with the right certificate at hand it is refused all the same.
    expect(await statusOf(genuineScene, requestOf(sent))).toBe(403);
    for (const { handled, called } of [it, genuineScene]) {
      expect(handled).toEqual([]);
      expect(called).toEqual([]);
    }
  },
);

test.each<[string, Members | string]>([
  ['no JSON', 'text'],
  ['invalid UTF-8 aside, a list', '[]'],
  ['a null', 'null'],
  ['a message that is a list', { ...signed(notification()), Message: ['{"n":1}'] }],
  ['a message that is an object', { ...signed(notification()), Message: { toString: 'x' } }],
  ['a topic in a list', { ...signed(notification()), TopicArn: [topicArn] }],
  ['a certificate URL in a list', { ...signed(notification()), SigningCertURL: [certificateUrl] }],
  ['a signature in a list', { ...signed(notification()), Signature: [''] }],
  ['a version that is a number', { ...signed(notification()), SignatureVersion: 2 }],
  ['a subject that is an object', { ...signed(notification()), Subject: { a: 1 } }],
  ['no signature', notification()],
  ['a type that is not known', { ...signed(notification()), Type: 'Other' }],
  ['attributes in a list', { ...signed(notification()), MessageAttributes: [] }],
  ['an attribute that is text', { ...signed(notification()), MessageAttributes: { a: 'x' } }],
  ['members of the prototype', '{"__proto__":{"Type":"Notification"}}'],
])('%s is no envelope: 400', async (_, members) => {
  await using it = scene();
  const text = typeof members === 'string' ? members : JSON.stringify(members);
  const request = new Request('http://shop.example/', {
    method: 'POST',
    headers: { 'x-amz-sns-message-type': 'Notification' },
    body: text,
  });
  expect(await statusOf(it, request)).toBe(400);
  expect(it.fetched).toEqual([]);
  expect(it.handled).toEqual([]);
});

test('a header that says another type than the body, or none, is refused', async () => {
  await using it = scene();
  const other = { 'x-amz-sns-message-type': 'SubscriptionConfirmation' };
  expect(await statusOf(it, requestOf(signed(notification()), other))).toBe(400);
  const body = JSON.stringify(signed(notification()));
  const bare = new Request('http://shop.example/', { method: 'POST', body });
  expect(await statusOf(it, bare)).toBe(400);
  expect(it.fetched).toEqual([]);
});

test('raw deliveries are refused, since nothing of them is signed', async () => {
  await using it = scene();
  const raw = { 'x-amz-sns-rawdelivery': 'true' };
  expect(await statusOf(it, requestOf(signed(notification()), raw))).toBe(403);
});

test('anything but POST is refused', async () => {
  await using it = scene();
  const response = await it.endpoint.fetch(new Request('http://shop.example/'));
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
});

test.each([
  ['expired', { validTo: new Date(Date.now() - 1_000) }],
  ['not valid yet', { validFrom: new Date(Date.now() + 60_000) }],
  ['of another name', { subject: 'evil.example' }],
  ['issued by another', { issuer: ['Evil', 'Evil'] as const }],
])('a certificate that is %s is refused', async (_, options) => {
  const made = makeCertificate(options);
  await using it = scene({ fetchCertificate: () => Promise.resolve(made.pem) });
  expect(await statusOf(it, requestOf(signed(notification(), made)))).toBe(403);
  expect(it.handled).toEqual([]);
});

test('with version 2 demanded, version 1 is refused', async () => {
  await using it = scene({ signatureVersions: ['2'] });
  const old = signed(notification({ SignatureVersion: '1' }));
  expect(await statusOf(it, requestOf(old))).toBe(403);
  expect(await statusOf(it, requestOf(signed(notification())))).toBe(200);
  expect(it.fetched).toHaveLength(1);
});

test('a certificate that cannot be had is no forgery: SNS tries again', async () => {
  await using it = scene({ fetchCertificate: () => Promise.reject(new Error('cut')) });
  expect(await statusOf(it, requestOf(signed(notification())))).toBe(503);
});

test('a message that was handled is acked again and handled once, whatever its attributes', async () => {
  await using it = scene();
  const sent = signed(notification());
  expect(await statusOf(it, requestOf(sent))).toBe(200);
  const MessageAttributes = { imid: attribute('other'), role: attribute('admin') };
  expect(await statusOf(it, requestOf({ ...sent, MessageAttributes }))).toBe(200);
  expect(it.handled).toHaveLength(1);
});

test('a message that failed may come again', async () => {
  let tries = 0;
  await using it = scene({}, () => {
    tries += 1;
    if (tries === 1) throw new Error('not yet');
  });
  const sent = signed(notification());
  expect(await statusOf(it, requestOf(sent))).toBe(500);
  expect(await statusOf(it, requestOf(sent))).toBe(200);
});

test('attributes are not signed: none of them says which message it is, or that it is none', async () => {
  await using it = scene();
  const sent = signed(notification());
  const MessageAttributes = {
    imid: attribute('forged'),
    imctl: attribute('pause'),
    imheaders: attribute('{"imctl":"pause","imid":"forged"}'),
    data: attribute('AP8=', 'Binary'),
  };
  expect(await statusOf(it, requestOf({ ...sent, MessageAttributes }))).toBe(200);
  expect(it.handled).toMatchObject([{ id: sent['MessageId'] }]);
  expect([...(it.handled[0]?.headers ?? [])]).toEqual([]);
});

test('a body of ours in base64 is read', async () => {
  await using it = scene();
  const Message = Buffer.from('{"n":3}').toString('base64');
  const MessageAttributes = { imenc: attribute('base64') };
  const sent = signed(notification({ Message, MessageAttributes }));
  expect(await statusOf(it, requestOf(sent))).toBe(200);
  expect(it.handled).toMatchObject([{ body: { n: 3 } }]);
});

test('what is rejected is a dead letter and acked, or else left to SNS', async () => {
  const reject = (): never => {
    throw new Rejection('never');
  };
  const stored: string[] = [];
  const deadLetter = ({ id }: { readonly id: string }, reason: string): Promise<void> => {
    stored.push(`${id} ${reason}`);
    return Promise.resolve();
  };
  await using it = scene({ deadLetter }, reject);
  const sent = signed(notification());
  expect(await statusOf(it, requestOf(sent))).toBe(200);
  expect(stored).toEqual([`${String(sent['MessageId'])} never`]);
  await using without = scene({}, reject);
  expect(await statusOf(without, requestOf(signed(notification())))).toBe(400);
  await using failing = scene({ deadLetter: () => Promise.reject(new Error('full')) }, reject);
  expect(await statusOf(failing, requestOf(signed(notification())))).toBe(500);
});

test('over capacity is 503', async () => {
  let letGo = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  await using it = scene({ capacity: 1 }, () => held);
  const first = statusOf(it, requestOf(signed(notification())));
  await expect.poll(() => it.endpoint.running).toBe(1);
  expect(await statusOf(it, requestOf(signed(notification())))).toBe(503);
  letGo();
  expect(await first).toBe(200);
});

test('a handler that would answer after SNS has gone is answered 500 in time', async () => {
  const clock = createVirtualClock({ now: Date.now() });
  let signal: AbortSignal | undefined;
  await using it = scene({ clock }, (delivery) => {
    ({ signal } = delivery);
    return new Promise((resolve) => {
      delivery.signal.addEventListener('abort', () => {
        resolve();
      });
    });
  });
  const answered = statusOf(it, requestOf(signed(notification())));
  await expect.poll(() => it.endpoint.running).toBe(1);
  await clock.advance(14_000);
  expect(await answered).toBe(500);
  expect(signal?.aborted).toBe(true);
});

test('a body that is too large is refused before it is read, and one that is too slow may come again', async () => {
  await using it = scene({ maxBodyBytes: 1_000, bodyTimeoutMs: 100 });
  const large = requestOf(signed(notification({ Message: 'x'.repeat(2_000) })));
  expect(await statusOf(it, large)).toBe(413);
  const server = createServer((request, response) => {
    it.endpoint.node(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\n{"Type":');
  const [data] = (await once(socket, 'data')) as [Buffer];
  expect(data.toString()).toMatch(/^HTTP\/1.1 503 /);
  socket.destroy();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  expect(it.fetched).toEqual([]);
});

test.each([
  [[], /topics is empty/],
  [['orders'], /'orders' is no ARN of a topic/],
  [['arn:aws:sns:eu-west-1:123456789012:orders.fifo'], /delivers to queues alone/],
])('topics %j are refused', (topics, text) => {
  expect(() => scene({ topics })).toThrow(text);
});
