/** Events as the journal keeps them: small records, beside which the large parts may be held for a while. */
import type { Execution, ExecutionResult } from '../core/model/execution.ts';
import type { OutputSegment } from '../core/model/output-segment.ts';
import type { Held } from './held.ts';

interface Numbered {
  /** Position in the journal. */
  readonly number: number;
  readonly name: string;
}

export interface ExecutionEvent extends Numbered {
  readonly kind: 'execution';
  readonly form: 'execution' | 'live action';
  /** Without its result. */
  readonly execution: Execution;
  /** Absent where there is none. */
  readonly result?: Held<ExecutionResult>;
  /** Over? For `end_event`. */
  readonly isEnd: boolean;
}

export interface OutputEvent extends Numbered {
  readonly kind: 'output';
  readonly executionId: string;
  /** The records after this; undefined: those that became visible together with the last one. */
  readonly afterSeq: number | undefined;
  /** The last of them. */
  readonly endSeq: number;
  /** Absent where the records were announced without their bytes. */
  readonly segment?: Held<OutputSegment>;
}

export interface AnnouncementEvent extends Numbered {
  readonly kind: 'announcement';
  readonly json: string;
}

export type JournalEvent = ExecutionEvent | OutputEvent | AnnouncementEvent;

/** An event before it has its place. */
export type NewEvent = Omit<ExecutionEvent, 'number'> | Omit<OutputEvent, 'number'> | Omit<AnnouncementEvent, 'number'>;
