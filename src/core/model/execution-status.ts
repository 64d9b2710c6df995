/**
 * The statuses of an execution and every legal move between them, as data (spec/executions.md §2). The store moves
 * statuses by compare-and-set against this table; nobody else lists statuses. docs/reference/execution-status.md is
 * printed from it.
 */
import { unreachable } from '../../base/assert.ts';

export const executionStatuses = [
  'requested',
  'delayed',
  'scheduled',
  'running',
  'pausing',
  'paused',
  'resuming',
  'pending',
  'canceling',
  'succeeded',
  'failed',
  'timeout',
  'canceled',
  'abandoned',
] as const;

export type ExecutionStatus = (typeof executionStatuses)[number];

/** From a status to the statuses it may become. Absent means illegal. A final status has no moves. */
export const executionMoves = {
  requested: ['delayed', 'scheduled', 'failed', 'canceling', 'canceled'],
  delayed: ['scheduled', 'failed', 'canceling', 'canceled'],
  scheduled: ['running', 'requested', 'failed', 'canceling', 'canceled', 'abandoned'],
  running: ['succeeded', 'failed', 'timeout', 'abandoned', 'pending', 'pausing', 'canceling', 'canceled'],
  pausing: ['paused', 'succeeded', 'failed', 'timeout', 'abandoned', 'canceling', 'canceled'],
  paused: ['resuming', 'canceling', 'canceled', 'failed', 'abandoned'],
  resuming: ['running', 'succeeded', 'failed', 'timeout', 'abandoned', 'canceling', 'canceled'],
  pending: ['succeeded', 'failed', 'timeout', 'abandoned', 'canceling', 'canceled'],
  canceling: ['canceled', 'abandoned'],
  succeeded: [],
  failed: [],
  timeout: [],
  canceled: [],
  abandoned: [],
} as const satisfies Record<ExecutionStatus, readonly ExecutionStatus[]>;

export function canMove(from: ExecutionStatus, to: ExecutionStatus): boolean {
  return (executionMoves[from] as readonly ExecutionStatus[]).includes(to); // widened: the table's rows are literal tuples
}

/** The statuses from which `to` can be reached in one move: what a compare-and-set names as its precondition. */
export function statusesBefore(to: ExecutionStatus): readonly ExecutionStatus[] {
  return executionStatuses.filter((from) => canMove(from, to));
}

export function parseExecutionStatus(text: unknown): ExecutionStatus | undefined {
  return executionStatuses.find((status) => status === text);
}

/** Completed: nothing changes it any more. */
export function isFinal(status: ExecutionStatus): boolean {
  return executionMoves[status].length === 0;
}

export function canCancel(status: ExecutionStatus): boolean {
  return canMove(status, 'canceling');
}

export const finalStatuses: readonly ExecutionStatus[] = executionStatuses.filter(isFinal);

/** A process of ours may exist on the runner's host while the execution is in one of these. */
export const startedStatuses: readonly ExecutionStatus[] = ['running', 'canceling'];

/** What `on-failure` means in workflows and notifications. */
export function isFailure(status: ExecutionStatus): boolean {
  switch (status) {
    case 'failed':
    case 'timeout':
    case 'abandoned':
      return true;
    case 'requested':
    case 'delayed':
    case 'scheduled':
    case 'running':
    case 'pausing':
    case 'paused':
    case 'resuming':
    case 'pending':
    case 'canceling':
    case 'succeeded':
    case 'canceled':
      return false;
    default:
      return unreachable(status);
  }
}
