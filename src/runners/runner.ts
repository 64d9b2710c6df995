/**
 * What a runner is. It does not run anything itself: it says what process an execution needs (`plan`), and what the end
 * of that process means (`conclude`). The latter needs the stored execution alone, so that a process which outlived the
 * server is concluded by the next one, whatever became of its pack. A runner without a process answers at once or works
 * over connections (`run`).
 */
import type { Clock } from '../base/clock.ts';
import type { Action } from '../core/model/action.ts';
import type { ExecutionResult } from '../core/model/execution.ts';
import type { ExecutionStatus } from '../core/model/execution-status.ts';
import type { KeptOutput, ProcessEnd, ProcessPlan } from './process.ts';

export interface RunRequest {
  readonly executionId: string;
  readonly action: Action;
  readonly runnerParameters: Readonly<Record<string, unknown>>;
  readonly actionParameters: Readonly<Record<string, unknown>>;
  /** Absolute directory of the action's pack. */
  readonly packPath: string;
  readonly user: string;
  /** `ST2_ACTION_*`. */
  readonly environment: Readonly<Record<string, string>>;
  /** Value of the token in `environment`, for the variables that runners add. */
  readonly token: string;
  readonly apiUrl: string;
  /** The pack's configuration; only Python actions are given it. */
  readonly config: Readonly<Record<string, unknown>>;
}

export interface Outcome {
  readonly status: Extract<ExecutionStatus, 'succeeded' | 'failed' | 'timeout' | 'abandoned'>;
  readonly result: ExecutionResult;
}

/** Something to tell the world besides the result. */
export interface Announcement {
  readonly route: string;
  readonly payload: unknown;
}

export interface ProcessRunner {
  readonly kind: 'process';
  /** Throws a Fault where the request cannot be run (no entry point, no such directory); nothing has happened then. */
  plan(request: RunRequest): Promise<ProcessPlan>;
  conclude(request: RunRequest, end: ProcessEnd, kept: KeptOutput): Outcome;
}

export interface ImmediateRunner {
  readonly kind: 'immediate';
  run(request: RunRequest): { readonly outcome: Outcome; readonly announcement?: Announcement };
}

/**
 * A runner that works over connections of the server itself (remote hosts) instead of a process here. Such work ends with
 * the server: an execution that was running then becomes `abandoned`.
 */
export interface ConnectedRunner {
  readonly kind: 'connected';
  /**
   * Works to the end, at which nothing of it is left running that can be reached. Keeps its own time limits. Throws a Fault
   * where the request cannot be run at all.
   */
  run(request: RunRequest, io: RunIo): Promise<Outcome>;
}

export interface RunIo {
  /** Output, as it comes; `host` names where it was printed. The bytes may be used again afterwards. */
  write(type: 'stdout' | 'stderr', bytes: Uint8Array, host?: string): void;
  /** Aborted, with a `StopReason` as its reason, when the work is to be stopped. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** From TERM to KILL. */
  readonly killGraceMs: number;
  /** Of each stream of each host, in the result: head and tail are kept where there is more. */
  readonly resultBytesMax: number;
}

export type Runner = ProcessRunner | ImmediateRunner | ConnectedRunner;

/** By runner type name. */
export type Runners = ReadonlyMap<string, Runner>;
