import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startProgress } from '../src/progress.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const clear = '\r\u001B[K';

test('on a terminal one line is kept up to date, below the notes, and cleared at the end', () => {
  const written: string[] = [];
  const terminal = { isTTY: true, columns: 11, write: (text: string) => written.push(text) };
  const { note, stop } = startProgress(terminal, () => 'a line that is too long');
  vi.advanceTimersByTime(200);
  note('a note as long as it likes');
  stop();
  vi.advanceTimersByTime(1_000);
  expect(written).toEqual([
    `${clear}a line tha`,
    `${clear}a line tha`,
    `${clear}a note as long as it likes\n`,
    clear,
  ]);
});

test('elsewhere there is a line now and then', () => {
  const written: string[] = [];
  const { note, stop } = startProgress({ write: (text) => written.push(text) }, () => 'far');
  vi.advanceTimersByTime(10_000);
  note('a note');
  stop();
  expect(written).toEqual(['far\n', 'far\n', 'a note\n']);
});
