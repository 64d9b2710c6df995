/**
 * What a runner is. It does not run anything itself: it says what process an execution needs (`plan`), and what the end
 * of that process means (`conclude`). The latter needs the stored execution alone, so that a process which outlived the
 * server is concluded by the next one, whatever became of its pack. A runner without a process answers at once (`run`).
 */
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

export type Runner = ProcessRunner | ImmediateRunner;

/** By runner type name. */
export type Runners = ReadonlyMap<string, Runner>;
