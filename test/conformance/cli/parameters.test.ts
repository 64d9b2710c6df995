/** Words after `run <action>`: the shared cases where they are at hand (npm run conformance reports them), and our own. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../cli-parameters.ts';

const shared = process.env.STORMTAIL_CASES || join(import.meta.dirname, '../../../../shared/conformance');

it('passes our own cases', () => {
  const { passed, failed } = run(join(import.meta.dirname, '../cases/cli-parameters'));
  expect(failed).toEqual([]);
  expect(passed).toBeGreaterThan(15);
});

it.skipIf(!existsSync(join(shared, 'param-casting.json')))('passes the shared cases', () => {
  const { passed, failed } = run(shared);
  expect(failed).toEqual([]);
  expect(passed).toBeGreaterThan(50);
});
