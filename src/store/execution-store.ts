/** Executions in the store. Statuses move by compare-and-set against the table in core/model/execution-status.ts. */
import type {
  Execution,
  ExecutionContext,
  ExecutionResult,
  OutputSummary,
  RunnerInfo,
} from '../core/model/execution.ts';
import type { ExecutionQuery } from '../core/model/execution-query.ts';
import type { ExecutionStatus } from '../core/model/execution-status.ts';

/** A move that was asked for. Losing the race is a normal answer: `undefined`. */
export interface StatusMove {
  readonly to: ExecutionStatus;
  readonly atUs: number;
  /** Only from these; default: every status from which the table allows `to`. */
  readonly from?: readonly ExecutionStatus[];
  /** Only while the execution is under this claim (fencing). */
  readonly attempt?: number;
  /** Replaces the context: `cancelled_by` and the like. */
  readonly context?: ExecutionContext;
  /** Kept in the log beside the status. */
  readonly reason?: string;
}

export interface Finish extends StatusMove {
  readonly endUs: number;
  readonly result: ExecutionResult;
  readonly output?: OutputSummary;
}

export type ResultWish = 'none' | 'whole' | { readonly maxBytes: number };

export interface ExecutionStore {
  /** Stores a new execution as it is. Fails with `conflict` where its id exists. */
  insert(execution: Execution): Promise<void>;
  find(id: string, result?: ResultWish): Promise<Execution | undefined>;
  /** `total` counts all matches, whatever limit and offset. */
  list(query: ExecutionQuery): Promise<{ readonly executions: readonly Execution[]; readonly total: number }>;
  /** Direct children, oldest first. */
  children(parents: readonly string[], withResult: boolean): Promise<readonly Execution[]>;
  /** The newest top-level execution, of one user or of anybody. */
  newest(user?: string): Promise<Execution | undefined>;
  /**
   * Takes up to `limit` due executions, oldest first, for one runner process: `requested` or `delayed` becomes
   * `scheduled` and `running` in one commit, with a new `attempt`. Two callers never get the same one.
   */
  claim(wish: { limit: number; nowUs: number; runner: RunnerInfo }): Promise<readonly Execution[]>;
  /** Moves requested executions whose time has not come to `delayed`, and says when the next one is due. */
  delayEarly(nowUs: number): Promise<{ readonly moved: readonly Execution[]; readonly nextDueUs: number | undefined }>;
  /** Executions that a runner may have a process for: on one host, or on any. */
  started(hostname?: string): Promise<readonly Execution[]>;
  move(id: string, move: StatusMove): Promise<Execution | undefined>;
  /** A move to a final status, with the result, in one commit. The answer carries the result. */
  finish(id: string, finish: Finish): Promise<Execution | undefined>;
  countByStatus(): Promise<Readonly<Record<string, number>>>;
  /** Distinct values, sorted, for the filters of a history page. */
  distinct(column: 'action' | 'status' | 'runner' | 'user'): Promise<readonly string[]>;
  /** Removes up to `limit` executions that ended before a moment, with their results; returns what was removed. */
  removeEnded(beforeUs: number, limit: number): Promise<readonly Execution[]>;
}
