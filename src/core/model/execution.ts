/**
 * An execution: one run of an action, from request to result. One stored record; the live action of StackStorm is a
 * view of it with a second id (spec/executions.md §1).
 */
import type { Action, Notify } from './action.ts';
import type { ExecutionStatus } from './execution-status.ts';
import type { RunnerType } from './runner-type.ts';

export interface StatusLogEntry {
  /** Millisecond precision, written with six digits. */
  readonly timestamp: string;
  readonly status: ExecutionStatus;
  /** Why, where it is not obvious: `the process was gone when the server came back`. */
  readonly reason?: string;
}

export interface RunnerInfo {
  readonly hostname: string;
  readonly pid: number;
}

/** Who asked, in what surroundings. Keys the product does not know are kept. */
export interface ExecutionContext {
  readonly user: string;
  readonly pack: string;
  readonly parent?: { readonly execution_id: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

export interface Execution {
  readonly id: string;
  readonly liveaction_id: string;
  readonly status: ExecutionStatus;
  /** When it was requested. Microseconds since 1970, like every `*_us`. */
  readonly start_us: number;
  readonly end_us?: number;
  /** Not started before this moment (request `delay`). */
  readonly due_us: number;
  readonly delay?: number;
  /** The action and runner type as they were when the execution was requested. */
  readonly action: Action;
  readonly runner: RunnerType;
  /** Live parameters: supplied ones, cast. Secret values are sealed in the store and open here. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Why secret parameters could not be opened; they are masked then, and the execution cannot be run. */
  readonly unreadable?: string;
  readonly context: ExecutionContext;
  readonly notify?: Notify;
  readonly log: readonly StatusLogEntry[];
  readonly parent?: string;
  readonly children: readonly string[];
  readonly runner_info?: RunnerInfo;
  /** Counts claims: what was claimed under an older number can no longer finish the execution (fencing). */
  readonly attempt: number;
  /** Bytes of the serialised result, once there is one. */
  readonly result_size?: number;
  /** Present where the reader asked for it. */
  readonly result?: ExecutionResult;
  readonly output?: OutputSummary;
}

export type ExecutionResult = Readonly<Record<string, unknown>>;

/** What the end mark of an execution's output says. */
export interface OutputSummary {
  /** Number of records; the last one has this `seq`. */
  readonly records: number;
  readonly lines: number;
  readonly bytes: number;
  /** Bytes known to be missing, 0 where nothing is; -1 where output was lost and nobody can say how much. */
  readonly lost_bytes: number;
}
