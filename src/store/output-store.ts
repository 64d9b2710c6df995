/**
 * Output in the store: per execution one append-only log with one order (spec/output-streaming.md). The unit is the
 * segment: bytes of one type that became visible together, holding one or more records. Whoever reads gets segments;
 * records are views of them (core/model/output-segment.ts).
 */
import type { OutputSummary } from '../core/model/execution.ts';
import type { OutputSegment } from '../core/model/output-segment.ts';
import type { OutputType } from '../core/model/output-record.ts';

export interface OutputStore {
  /** Where the log of an execution and what belongs to its process are kept, whether it is there or not. */
  directory(executionId: string): string;
  /** Creates the log of an execution, or opens the one that is there after a restart, for the one process that writes it. */
  open(executionId: string, listener: OutputListener, options?: OutputOptions): Promise<OutputWriter>;
  /**
   * Segments after a cursor, oldest first, up to about `bytesMax` (at least one where there is any). The first segment
   * may begin before the cursor: `recordsOf(segment, afterSeq)` skips what was seen. `endSeq` is the last seq known
   * now; empty segments with `endSeq === afterSeq` mean "that is all so far". A type filter still advances `seq`:
   * `nextSeq` is where to go on reading.
   */
  read(executionId: string, wish: OutputWish): Promise<OutputPage>;
  /** What there is, or undefined where nothing was ever kept. */
  summary(executionId: string): Promise<OutputSummary | undefined>;
  /** Forgets the output of an execution. Not there: fine. */
  remove(executionId: string): Promise<void>;
  /** Executions that have output and were requested before a moment, oldest first, roughly: for retention. */
  ids(createdBeforeUs: number): AsyncIterable<string>;
  /**
   * Reads one type's bytes as they were written, but for secrets, which are hidden: positions count what is shown. Undefined
   * where there are none. For each byte that is lost there is a SUB character (0x1a).
   */
  raw(executionId: string, type: OutputType, range: { start: number; bytesMax: number }): Promise<Buffer | undefined>;
}

export interface OutputOptions {
  /**
   * Values that nobody may see: they, and the usual ways to write them, are hidden in whatever leaves the store
   * (core/model/redaction.ts). A log that is there already keeps to those it was begun with.
   */
  readonly secrets?: readonly string[];
  /**
   * Those of them that programs print at once or not at all, such as long tokens: an unfinished line is not kept waiting for
   * what may be the first few letters of one. (Where a program does pause right behind them, the rest of it is shown.)
   */
  readonly printedAtOnce?: readonly string[];
}

/** Hears of segments once they are in the log. Not asked while nobody follows: late followers read the store. */
export interface OutputListener {
  isWanted(): boolean;
  appended(segments: readonly OutputSegment[]): void;
  /**
   * Whether long segments are wanted with their bytes; without this, they are. Where they are not, `grew` says how far
   * the log reaches now, and who wants the bytes reads them at its own pace: a flood is then copied for nobody.
   */
  wantsLong?(): boolean;
  grew?(endSeq: number): void;
  /** The log could not be written for want of room; what happened meanwhile will be marked as lost. */
  storageFull(): void;
  /**
   * The system refused to let the log be read or written (descriptors, a failing device), for whatever reason but want of
   * room. Told once per writer; the log goes on trying, and nothing is lost by that as long as it is not sealed.
   */
  failed?(error: unknown): void;
}

export interface OutputWish {
  readonly afterSeq: number;
  readonly bytesMax: number;
  readonly types?: readonly OutputType[];
}

/** `bytes` of the segments may be used until the page is disposed; their memory is then used again. */
export interface OutputPage extends Disposable {
  readonly segments: readonly OutputSegment[];
  readonly nextSeq: number;
  readonly endSeq: number;
}

/** The writing side of one execution's log. */
export interface OutputWriter extends AsyncDisposable {
  /** Directory in which the execution's processes append to the files `stdout` and `stderr` by themselves. */
  readonly directory: string;
  readonly endSeq: number;
  /**
   * Output that the server itself produces (progress of workflows, remote hosts); `host` names where it was printed. Lines of
   * different hosts are never torn into each other. Once there was a host, no process may append to this log's files.
   */
  write(type: OutputType, bytes: Uint8Array, host?: string): void;
  /** Marks that output is missing here; -1 where nobody can say how much. */
  markLost(bytes: number): void;
  /**
   * The process is over: takes in what it has written, a piece at a time, while others get their turn. What is written
   * after this call was begun need not become part of the log.
   */
  catchUp(): Promise<void>;
  /**
   * Takes in everything written so far (until `catchUp`, if that was called), even an unfinished line. This and what
   * follows throw what the system refuses again and again.
   */
  flush(): void;
  /** Takes in everything written so far, makes it durable, and closes. What is written later is not part of the log. */
  seal(): Promise<OutputSummary>;
  /** The kept text of one type for the result: at most `bytesMax`, head and tail kept where it is more. */
  kept(type: OutputType, bytesMax: number): Promise<KeptText>;
  /** Bytes taken in so far, as they are shown. */
  readonly bytes: number;
}

/** `cutBytes` is 0 where the text is whole. */
export interface KeptText {
  readonly text: string;
  readonly cutBytes: number;
}
