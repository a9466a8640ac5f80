import { describe, expect, test } from 'vitest';
import { describeIssues } from './schema.ts';

describe('describeIssues', () => {
  test('names each place once and quotes nothing', () => {
    const issues = [
      { message: "'hunter2' is no number", path: ['lines', 0, { key: 'price' }] },
      { message: 'hunter2', path: ['lines', 0, 'price'] },
      { message: 'hunter2', path: [] },
      { message: 'hunter2' },
      { message: 'hunter2', path: [Symbol('hidden')] },
    ];
    expect(describeIssues(issues)).toBe("'lines.0.price', the body itself, 'Symbol(hidden)'");
  });

  test('paths may be arrays of another kind', () => {
    class Path extends Array<PropertyKey> {
      constructor(...parts: readonly PropertyKey[]) {
        super();
        this.push(...parts);
      }
    }
    expect(
      describeIssues([
        { message: '', path: new Path('a', 'b') },
        { message: '', path: new Path() },
      ]),
    ).toBe("'a.b', the body itself");
  });
});
