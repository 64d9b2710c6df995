import { expect, test } from 'vitest';
import { sampleExecution } from '../../../test/support/sample-execution.ts';
import { claimedAtBirth } from './claimed-at-birth.ts';

const runner = { hostname: 'here', pid: 7 };

test('a request that begins at once is stored with every step of a claim', () => {
  const requested = sampleExecution({ status: 'requested', attempt: 0 });
  const claimed = claimedAtBirth(requested, runner);
  const timestamp = requested.log.at(-1)?.timestamp;
  expect(claimed).toEqual({
    ...requested,
    status: 'running',
    attempt: 1,
    runner_info: runner,
    log: [...requested.log, { timestamp, status: 'scheduled' }, { timestamp, status: 'running' }],
  });
  expect(requested.status).toBe('requested');
});

test('what has begun cannot begin again', () => {
  expect(() => claimedAtBirth(sampleExecution({ status: 'running' }), runner)).toThrow('cannot go from running');
});
