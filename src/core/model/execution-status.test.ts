import { describe, expect, test } from 'vitest';
import {
  canCancel,
  canMove,
  type ExecutionStatus,
  executionMoves,
  executionStatuses,
  finalStatuses,
  isFailure,
  isFinal,
  parseExecutionStatus,
  startedStatuses,
  statusesBefore,
} from './execution-status.ts';

/** The moves that spec/executions.md §2 names. The table may have more, each with its reason; it must have these. */
const specified: readonly (readonly [ExecutionStatus, readonly ExecutionStatus[]])[] = [
  ['requested', ['delayed', 'scheduled', 'failed', 'canceling', 'canceled']],
  ['delayed', ['scheduled', 'canceling', 'canceled']],
  ['scheduled', ['running', 'canceling', 'canceled']],
  ['running', ['succeeded', 'failed', 'timeout', 'abandoned', 'pending', 'pausing', 'canceling', 'canceled']],
  ['pending', ['succeeded', 'timeout']],
  ['pausing', ['paused', 'canceling', 'canceled']],
  ['paused', ['resuming', 'canceling', 'canceled']],
  ['resuming', ['running', 'succeeded', 'failed', 'timeout', 'canceling', 'canceled']],
  ['canceling', ['canceled']],
];

describe('the move table', () => {
  test('has every move that is specified', () => {
    for (const [from, moves] of specified)
      for (const to of moves) expect(canMove(from, to), `${from} → ${to}`).toBe(true);
  });

  test('agrees with its questions for every pair', () => {
    for (const from of executionStatuses) {
      for (const to of executionStatuses) {
        expect(canMove(from, to)).toBe(executionMoves[from].some((status) => status === to));
        expect(statusesBefore(to).includes(from)).toBe(canMove(from, to));
      }
    }
  });

  test('leads nowhere from a final status, and from every other to an end', () => {
    expect(finalStatuses).toEqual(['succeeded', 'failed', 'timeout', 'canceled', 'abandoned']);
    for (const status of executionStatuses) {
      expect(executionMoves[status].length === 0).toBe(isFinal(status));
      expect(reachable(status).some(isFinal) || isFinal(status), status).toBe(true);
    }
  });

  test('reaches every status from requested, and moves nowhere to where it is', () => {
    expect(new Set(reachable('requested'))).toEqual(new Set(executionStatuses));
    for (const status of executionStatuses) expect(canMove(status, status)).toBe(false);
  });

  test('never gives work back once it has started', () => {
    for (const status of ['running', ...executionMoves.running] as const)
      for (const back of ['requested', 'delayed', 'scheduled'] as const) expect(reachable(status)).not.toContain(back);
  });

  test('never lets a cancel that was acknowledged turn into success', () => {
    expect(reachable('canceling')).not.toContain('succeeded');
  });
});

test('everything that is not over and not being canceled can be canceled', () => {
  expect(executionStatuses.filter((status) => !canCancel(status))).toEqual(['canceling', ...finalStatuses]);
});

test('failure is what on-failure means; a cancel is none', () => {
  expect(executionStatuses.filter(isFailure)).toEqual(['failed', 'timeout', 'abandoned']);
});

test('a process may exist in the statuses that lead to its end', () => {
  for (const status of startedStatuses) expect(isFinal(status)).toBe(false);
  expect(startedStatuses).toEqual(['running', 'canceling']);
});

test('only the names of statuses are parsed', () => {
  for (const status of executionStatuses) expect(parseExecutionStatus(status)).toBe(status);
  for (const other of ['', 'Running', 'toString', 1, null, undefined, ['running']])
    expect(parseExecutionStatus(other)).toBeUndefined();
});

function reachable(from: ExecutionStatus): readonly ExecutionStatus[] {
  const found = new Set<ExecutionStatus>();
  const visit = (status: ExecutionStatus) => {
    for (const next of executionMoves[status]) {
      if (found.has(next)) continue;
      found.add(next);
      visit(next);
    }
  };
  visit(from);
  return from === 'requested' ? [from, ...found] : [...found];
}
