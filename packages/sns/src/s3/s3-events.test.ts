import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type S3Notification, s3Events } from './s3-events.ts';

/** As in AWS's own documentation of the format. */
const record = {
  eventVersion: '2.1',
  eventSource: 'aws:s3',
  awsRegion: 'us-west-2',
  eventTime: '1970-01-01T00:00:00.000Z',
  eventName: 'ObjectCreated:Put',
  userIdentity: { principalId: 'AIDAJDPLRKLG7UEXAMPLE' },
  requestParameters: { sourceIPAddress: '127.0.0.1' },
  responseElements: { 'x-amz-request-id': 'C3D13FE58DE4C810', 'x-amz-id-2': 'FMyUVURIY8/IgAt' },
  s3: {
    s3SchemaVersion: '1.0',
    configurationId: 'testConfigRule',
    bucket: {
      name: 'amzn-s3-demo-bucket',
      ownerIdentity: { principalId: 'A3NL1KOZZKExample' },
      arn: 'arn:aws:s3:::amzn-s3-demo-bucket',
    },
    object: {
      key: 'red+flower%2B%C3%A4.jpg',
      size: 1_024,
      eTag: 'd41d8cd98f00b204e9800998ecf8427e',
      versionId: '096fKKXTRTtl3on89fVO.nfljtsv6qko',
      sequencer: '0055AED6DCD90281E5',
    },
  },
};

const event = {
  name: 'ObjectCreated:Put',
  bucket: 'amzn-s3-demo-bucket',
  key: 'red flower+ä.jpg',
  region: 'us-west-2',
  at: new Date(0),
  sizeBytes: 1_024,
  eTag: 'd41d8cd98f00b204e9800998ecf8427e',
  versionId: '096fKKXTRTtl3on89fVO.nfljtsv6qko',
  sequencer: '0055AED6DCD90281E5',
};

test('an event that came directly', () => {
  const body = JSON.stringify({ Records: [record, record] });
  expect(s3Events.decode(body)).toEqual({ type: 'events', events: [event, event] });
});

test('an event that SNS wrapped', () => {
  const envelope = {
    Type: 'Notification',
    MessageId: 'one',
    TopicArn: 'arn:aws:sns:us-west-2:123456789012:uploads',
    Subject: 'Amazon S3 Notification',
    Message: JSON.stringify({ Records: [record] }),
    Timestamp: '2026-11-22T00:00:00.000Z',
  };
  const body = Buffer.from(JSON.stringify(envelope));
  expect(s3Events.decode(body)).toEqual({ type: 'events', events: [event] });
});

test('the test event, which comes once and has a form of its own', () => {
  const body = JSON.stringify({
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Time: '2014-10-13T15:57:02.089Z',
    Bucket: 'amzn-s3-demo-bucket',
    RequestId: '5582815E1AEA5ADF',
    HostId: '8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE',
  });
  const at = new Date('2014-10-13T15:57:02.089Z');
  expect(s3Events.decode(body)).toEqual({ type: 'test', bucket: 'amzn-s3-demo-bucket', at });
});

test('of an object that is gone nothing is told but its name', () => {
  const s3 = { ...record.s3, object: { key: 'a', sequencer: '00' } };
  const body = JSON.stringify({ Records: [{ ...record, eventName: 'ObjectRemoved:Delete', s3 }] });
  const { events } = s3Events.decode(body) as { readonly events: readonly object[] };
  expect(events[0]).not.toHaveProperty('sizeBytes');
});

test.each([
  '',
  'text',
  'null',
  '{}',
  '{"Records":{}}',
  '{"Records":[{}]}',
  '{"Records":[null]}',
  JSON.stringify({ Records: [{ ...record, s3: { ...record.s3, object: { key: '%E0%A4%A' } } }] }),
  JSON.stringify({ Records: [{ ...record, eventTime: 'now' }] }),
  '{"Event":"s3:TestEvent"}',
])('%s is none, and is rejected alone', (body) => {
  expect(() => s3Events.decode(body)).toThrow(expect.objectContaining({ code: 'invalid-message' }));
});

test('any key comes back as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (key) => {
      const sent: S3Notification = { type: 'events', events: [{ ...event, key }] };
      expect(s3Events.decode(s3Events.encode(sent))).toEqual(sent);
    }),
  );
  const test: S3Notification = { type: 'test', bucket: 'b', at: new Date(0) };
  expect(s3Events.decode(s3Events.encode(test))).toEqual(test);
});
