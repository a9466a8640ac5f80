import { conformanceVersion } from '@intermodal/conformance';
import { expect, test } from 'vitest';
import { memoryVersion } from '../src/index.ts';

test('memory and the suite speak of one wire format', () => {
  expect(memoryVersion).toBe(conformanceVersion);
});
