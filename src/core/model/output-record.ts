/**
 * Output of an execution: an append-only log with one order. A record is one line, or a piece of one where the line
 * was not finished in time or is very long; concatenating `data` in `seq` order gives the exact text
 * (spec/output-streaming.md §1).
 */
export const outputTypes = ['stdout', 'stderr', 'output'] as const;
export type OutputType = (typeof outputTypes)[number];

/** The published record, as every transport sends it. */
export interface OutputRecord {
  /** 24 hex, derived from execution and seq. */
  readonly id: string;
  readonly execution_id: string;
  readonly action_ref: string;
  readonly runner_ref: string;
  readonly timestamp: string;
  readonly output_type: OutputType;
  readonly data: string;
  /** Where it was printed, for actions that run on several hosts. */
  readonly host?: string;
  /** 1, 2, 3 … per execution, over all types, without gaps: the cursor. */
  readonly seq: number;
  /** Set on a record that stands for output that was not kept: how many bytes, -1 where nobody can say. */
  readonly lost_bytes?: number;
}

/** The same id for the same record, however often it is read: execution's second, execution's rest folded, seq. */
export function outputRecordId(executionId: string, seq: number): string {
  const folded = (Number.parseInt(executionId.slice(8, 16), 16) ^ Number.parseInt(executionId.slice(16), 16)) >>> 0;
  return executionId.slice(0, 8) + folded.toString(16).padStart(8, '0') + seq.toString(16).padStart(8, '0');
}
