import { expect, test } from 'vitest';
import { bytes, counted } from './quantity.ts';
import { duration, relativeTime, runningDuration } from './time.ts';

test('bytes()', () => {
  expect([0, 999, 1000, 9949, 9950, 12_345, 999_499, 999_500, 300_000_000, 4e15].map(bytes)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '9.9 kB',
    '10 kB',
    '12 kB',
    '999 kB',
    '1.0 MB',
    '300 MB',
    '4000 TB',
  ]);
});

test('counted()', () => {
  expect([0, 1, 12_345].map((value) => counted(value, 'line'))).toEqual(['0 lines', '1 line', '12,345 lines']);
});

test('duration()', () => {
  expect([-1, 0.748, 9.999, 59.94, 59.96, 61, 3599.6, 7500, 90_000].map(duration)).toEqual([
    '0.00 s',
    '0.75 s',
    '10.0 s',
    '59.9 s',
    '1 min 0 s',
    '1 min 1 s',
    '1 h 00 min',
    '2 h 05 min',
    '1 d 1 h',
  ]);
  expect([-1, 0.9, 59.9, 60].map(runningDuration)).toEqual(['0 s', '0 s', '59 s', '1 min 0 s']);
});

test('relativeTime()', () => {
  const now = Date.parse('2024-07-31T12:00:00Z');
  const ago = (ms: number) => relativeTime(new Date(now - ms).toISOString(), now);
  expect([-5000, 0, 12_000, 59_999, 60_000, 3_599_999, 7_200_000].map(ago)).toEqual([
    'now',
    'now',
    '12 s ago',
    '59 s ago',
    '1 min ago',
    '59 min ago',
    '2 h ago',
  ]);
  expect(relativeTime('not a time', now)).toBe('not a time');
});
