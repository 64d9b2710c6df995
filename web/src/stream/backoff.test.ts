import { expect, test } from 'vitest';
import { backoffDelayMs } from './backoff.ts';

test('backoffDelayMs() starts at 250 ms, doubles, and stops at 10 s', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8, 1000].map((attempt) => backoffDelayMs(attempt, 0.5))).toEqual([
    250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000,
  ]);
});

test('backoffDelayMs() spreads by a quarter to each side', () => {
  expect(backoffDelayMs(1, 0)).toBe(188);
  expect(backoffDelayMs(1, 0.999)).toBe(312);
});
