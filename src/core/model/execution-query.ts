/** What a list of executions can be asked for (spec/api.md §5), after the query string was read. */
import type { ExecutionStatus } from './execution-status.ts';

export interface ExecutionQuery {
  readonly ids?: readonly string[];
  readonly status?: ExecutionStatus | string;
  readonly action?: string;
  readonly runner?: string;
  readonly user?: string;
  readonly liveaction?: string;
  /** `null`: top-level executions only. */
  readonly parent?: string | null;
  readonly startAfterUs?: number;
  readonly startBeforeUs?: number;
  /** Inclusive. */
  readonly startRangeUs?: readonly [number, number];
  /** Executions started by a rule: none exist yet, so naming one matches nothing. `null` matches all. */
  readonly rule?: string | null;
  readonly trigger?: string | null;
  readonly triggerType?: string | null;
  readonly triggerInstance?: string | null;
  /** `dotted.path:value` pairs of the search box, compared as text. */
  readonly paths?: readonly { readonly path: string; readonly value: string }[];
  readonly sort: readonly ExecutionSort[];
  /** -1: all. */
  readonly limit: number;
  readonly offset: number;
  readonly withResult: boolean;
}

export const executionSortKeys = [
  'start_timestamp',
  'action',
  'status',
  'id',
  'runner',
  'user',
  'parent',
  'liveaction',
] as const;

export interface ExecutionSort {
  readonly key: (typeof executionSortKeys)[number];
  readonly descending: boolean;
}
