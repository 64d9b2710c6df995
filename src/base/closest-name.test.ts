import { expect, test } from 'vitest';
import { closestName } from './closest-name.ts';

test.each([
  ['paramters', 'parameters'],
  ['Runner_Type', 'runner_type'],
  ['colour', undefined],
  ['', undefined],
])('%s → %s', (name, wanted) => {
  expect(closestName(name, ['name', 'parameters', 'runner_type'])).toBe(wanted);
});
