import { expect, test } from 'vitest';
import { counters, histograms } from './instruments.ts';

test('a histogram counts a value at its bound, not above it, and keeps number and sum', () => {
  const histogram = histograms('x_seconds', [], [0.1, 1], '').of();
  for (const value of [0, 0.1, 0.100001, 1, 1.5, 1e9]) histogram.observe(value);
  expect([...histogram.counts]).toEqual([2, 2, 2]);
  expect(histogram.sum).toBeCloseTo(1e9 + 2.700001, 5);
});

test('a family has one instrument for each combination of labels, and is there from the start where it has none', () => {
  const family = counters('x_total', ['runner', 'status'], '');
  expect([...family]).toEqual([]);
  family.of('a', 'failed').add();
  family.of('a', 'failed').add(2);
  family.of('a', 'succeeded').add();
  expect([...family].map(({ values, instrument }) => [...values, instrument.value])).toEqual([
    ['a', 'failed', 3],
    ['a', 'succeeded', 1],
  ]);
  expect([...counters('y_total', [], '')].map(({ instrument }) => instrument.value)).toEqual([0]);
});
