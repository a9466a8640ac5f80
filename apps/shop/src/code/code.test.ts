import { expect, test } from 'vitest';
import { createOffers } from '../offers/index.ts';
import { codeOf } from './code.ts';
import { compile } from './compile.ts';

const offers = createOffers();

test('what the page says of the code is what the compiler says: else run `pnpm code`', async () => {
  const said = await compile(offers);
  for (const offer of offers) expect(codeOf(offer).errors).toEqual(said[offer.id]);
}, 120_000);

test('a transport that lacks something is told by the line that asks for it', () => {
  const of = (id: string): ReturnType<typeof codeOf> => {
    const offer = offers.find((each) => each.id === id);
    if (offer === undefined) throw new Error(`there is no ${id}`);
    return codeOf(offer);
  };
  expect(of('memory').errors).toEqual([]);
  const { errors, lines } = of('fauxqs');
  const asksForOrder = lines.findIndex((line) => line.includes('publish(orders'));
  expect(errors.find(({ line }) => line === asksForOrder)?.text).toContain('order');
  for (const { id } of offers)
    for (const { line } of of(id).errors) expect(of(id).changing).not.toContain(line);
});
