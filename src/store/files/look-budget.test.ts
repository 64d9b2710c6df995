import { expect, test } from 'vitest';
import { LookBudget } from './look-budget.ts';

/** Looks allowed while somebody asks every millisecond for `seconds`. */
function looksIn(budget: LookBudget, startUs: number, seconds: number): number {
  let looks = 0;
  for (let ms = 0; ms < seconds * 1000; ms++) if (budget.take(startUs + ms * 1000)) looks += 1;
  return looks;
}

test('a few hundred looks a second are allowed, and a burst after a pause', () => {
  const budget = new LookBudget();
  const looks = looksIn(budget, 1_000_000, 10);
  expect(looks).toBeGreaterThan(2_900);
  expect(looks).toBeLessThanOrEqual(3_030);
  budget.take(11_000_000);
  expect(budget.take(11_000_000), 'a second one in the same moment').toBe(false);
  const burst = Array.from({ length: 100 }, () => budget.take(60_000_000)).filter(Boolean);
  expect(burst).toHaveLength(30);
});

test('a clock that is set back neither fills nor drains it', () => {
  const budget = new LookBudget();
  while (budget.take(5_000_000));
  expect(budget.take(4_000_000)).toBe(false);
  expect(budget.take(4_010_000)).toBe(true);
});
