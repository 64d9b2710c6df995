/** Our own cases, in the format of the conformance data: what we do beyond it, or differently on purpose. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { run } from './param-casting.ts';

test('our own parameter cases', () => {
  const result = run(fileURLToPath(new URL('cases/param-casting', import.meta.url)));
  expect(result.failed).toEqual([]);
  expect(result.passed).toBeGreaterThan(20);
  expect(result.skipped).toBe(1);
});
