/**
 * An execution that begins in the moment it is requested, as it is stored then: with the steps that a claim would have
 * added later.
 */
import { assert } from '../../base/assert.ts';
import type { Execution, RunnerInfo } from './execution.ts';
import { canMove, type ExecutionStatus } from './execution-status.ts';

const steps: readonly ExecutionStatus[] = ['scheduled', 'running'];

export function claimedAtBirth(requested: Execution, runner: RunnerInfo): Execution {
  let { status, log } = requested;
  const timestamp = log.at(-1)?.timestamp ?? '';
  for (const step of steps) {
    assert(canMove(status, step), `an execution cannot go from ${status} to ${step}`);
    status = step;
    log = [...log, { timestamp, status }];
  }
  return { ...requested, status, log, attempt: requested.attempt + 1, runner_info: runner };
}
