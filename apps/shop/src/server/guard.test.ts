import { expect, test } from 'vitest';
import { type Asking, refusalOf } from './guard.ts';

const page: Asking = {
  method: 'GET',
  host: '127.0.0.1:4600',
  origin: undefined,
  site: undefined,
  contentType: undefined,
};
const press: Asking = {
  ...page,
  method: 'POST',
  origin: 'http://127.0.0.1:4600',
  site: 'same-origin',
  contentType: 'application/json; charset=utf-8',
};

test.each<[string, Asking, string?]>([
  ['the page', page],
  ['the page by name', { ...page, host: 'localhost:4600' }],
  ['the page over IPv6', { ...page, host: '[::1]:4600' }],
  ['a button of the page', press],
  ['a program without an origin', { ...press, origin: undefined, site: undefined }],
  ['an address where it listens everywhere', { ...page, host: '192.168.1.7:4600' }, '0.0.0.0'],
  ['the name it was given', { ...page, host: 'shop.test:4600' }, 'shop.test'],
])('%s is answered', (_, asking, boundTo = '127.0.0.1') => {
  expect(refusalOf(asking, boundTo)).toBeUndefined();
});

test.each<[string, Asking, string?]>([
  ['a name that was made to point here', { ...page, host: 'evil.example:4600' }],
  ['such a name where it listens everywhere', { ...page, host: 'evil.example:4600' }, '0.0.0.0'],
  ['an address where it is on loopback alone', { ...page, host: '192.168.1.7:4600' }],
  ['no name at all', { ...page, host: undefined }],
  ['a page of another origin', { ...press, origin: 'http://evil.example' }],
  ['another port of this machine', { ...press, origin: 'http://127.0.0.1:3000' }],
  ['a page without an origin', { ...press, origin: 'null' }],
  ['a form of another site', { ...press, origin: undefined, site: 'cross-site' }],
  ['what a form can send', { ...press, contentType: 'text/plain' }],
  ['a body of no type', { ...press, contentType: undefined }],
])('%s is refused', (_, asking, boundTo = '127.0.0.1') => {
  expect(refusalOf(asking, boundTo)).toBeTypeOf('string');
});
