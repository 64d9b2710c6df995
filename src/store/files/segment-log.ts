/**
 * The index of a log together with those who hear of it: an entry is written before anybody is told, so a follower never
 * has seen what a restarted server does not know.
 */
import type { OutputSummary } from '../../core/model/execution.ts';
import { denseAboveLines, measure, type OutputSegment } from '../../core/model/output-segment.ts';
import type { OutputType } from '../../core/model/output-record.ts';
import type { OutputListener } from '../output-store.ts';
import type { IndexFile } from './index-file.ts';
import { cutBytes } from './index-head.ts';
import type { IndexEntry } from './output-index.ts';
import { type LogRedaction, shownBytes } from './log-redaction.ts';
import { addEntry, addLostBytes, emptySummary } from './output-summary.ts';

/** From here on a segment is a part of a flood, which followers read from the log instead. */
const longBytes = 64 * 1024;

/** Bytes that are in the raw file at `offset` and become one segment. */
export interface Piece {
  readonly type: OutputType;
  readonly offset: number;
  readonly bytes: Buffer;
  readonly timeUs: number;
  readonly lane: number;
  readonly host?: string | undefined;
  /** With more lines than this, they are not told apart. */
  readonly linesMax?: number;
  /** Nothing will follow these bytes. */
  readonly isInterrupted?: boolean;
}

export class SegmentLog {
  readonly #index: IndexFile;
  readonly #listener: OutputListener;
  readonly #redaction: LogRedaction;
  #summary = emptySummary;
  #isFull = false;

  /** Told of what was appended; set once it is known. */
  grew: (entries: readonly IndexEntry[]) => void = () => {};

  constructor(index: IndexFile, listener: OutputListener, redaction: LogRedaction) {
    this.#redaction = redaction;
    this.#index = index;
    this.#listener = listener;
  }

  get summary(): OutputSummary {
    return this.#summary;
  }

  get endSeq(): number {
    return this.#summary.records;
  }

  /** The last append found no room. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** The log goes on after these entries. */
  resume(entries: readonly IndexEntry[]): void {
    this.#summary = entries.reduce(addEntry, this.#summary);
    if (this.#index.head) this.addLost(cutBytes(this.#index.head));
  }

  /** Counts what is lost and could not be said in the index. */
  addLost(bytes: number): void {
    this.#summary = { ...this.#summary, lost_bytes: addLostBytes(this.#summary.lost_bytes, bytes) };
  }

  /**
   * False where the disk is full: nothing was appended then. `taken` is called once the entries are in the index, before
   * anybody is told.
   */
  append(pieces: readonly Piece[], taken: () => void): boolean {
    const { redactor } = this.#redaction;
    let firstSeq = this.endSeq + 1;
    const shown: Buffer[] = [];
    const entries = pieces.map((piece) => {
      const { isInterrupted = false } = piece;
      const bytes = shownBytes(redactor, { isInterrupted }, piece.bytes);
      shown.push(bytes);
      const { lines, records, isDense } = measure(bytes, piece.linesMax ?? denseAboveLines);
      // Written out: with a thousand hosts this is done for every line, and spreading took half the time of a write.
      const entry: IndexEntry = {
        type: piece.type,
        firstSeq,
        records,
        lines,
        timeUs: piece.timeUs,
        isDense,
        lostBytes: 0,
        offset: piece.offset,
        length: piece.bytes.length,
        lane: piece.lane,
        shown: bytes.length,
        isInterrupted,
      };
      firstSeq += records;
      return entry;
    });
    if (!this.#write(entries)) return false;
    // Copied before they are `taken`: what is held, and shown now, may be given up by that.
    const segments = this.#listener.isWanted() ? this.#segments(entries, pieces, shown) : [];
    taken();
    this.grew(entries);
    if (segments === 'long') this.#listener.grew?.(this.endSeq);
    else if (segments.length > 0) this.#listener.appended(segments);
    return true;
  }

  /** Marks that output is missing at this place, by a record or only in the totals. */
  appendLost(at: { type: OutputType; offset: number; timeUs: number }, lostBytes: number, records: 0 | 1): boolean {
    const place = { ...at, lane: 0, length: 0, shown: 0, lines: 0, isDense: false, isInterrupted: false };
    const entry = { ...place, records, lostBytes, firstSeq: this.endSeq + 1 };
    if (!this.#write([entry])) return false;
    if (records > 0 && this.#listener.isWanted()) this.#listener.appended([{ ...entry, bytes: Buffer.alloc(0) }]);
    return true;
  }

  full(): false {
    if (!this.#isFull) this.#listener.storageFull();
    this.#isFull = true;
    return false;
  }

  #write(entries: readonly IndexEntry[]): boolean {
    this.#index.begin(this.#redaction.sealed);
    if (!this.#index.append(entries)) return this.full();
    this.#isFull = false;
    this.#summary = entries.reduce(addEntry, this.#summary);
    return true;
  }

  #segments(
    entries: readonly IndexEntry[],
    pieces: readonly Piece[],
    shown: readonly Buffer[],
  ): readonly OutputSegment[] | 'long' {
    const isLong = shown.some(({ length }) => length > longBytes);
    if (isLong && this.#listener.grew && this.#listener.wantsLong?.() === false) return 'long';
    return entries.map((entry, at) => {
      const { host, bytes: raw } = pieces[at] ?? {};
      const bytes = shown[at] ?? Buffer.alloc(0);
      // Read buffers are used again at once: who gets bytes gets a copy.
      return { ...entry, ...(host !== undefined && { host }), bytes: bytes === raw ? Buffer.from(bytes) : bytes };
    });
  }
}
