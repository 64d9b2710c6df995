/**
 * The index of a log together with those who hear of it: an entry is written before anybody is told, so a follower never
 * has seen what a restarted server does not know.
 */
import type { OutputSummary } from '../../core/model/execution.ts';
import { denseAboveLines, measure, type OutputSegment } from '../../core/model/output-segment.ts';
import type { OutputType } from '../../core/model/output-record.ts';
import type { OutputListener } from '../output-store.ts';
import type { IndexFile } from './index-file.ts';
import type { IndexEntry } from './output-index.ts';
import { addEntry } from './output-reader.ts';

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
}

export class SegmentLog {
  readonly #index: IndexFile;
  readonly #listener: OutputListener;
  #summary: OutputSummary = { records: 0, lines: 0, bytes: 0, lost_bytes: 0 };
  #isFull = false;

  constructor(index: IndexFile, listener: OutputListener) {
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
  }

  /** Counts what is lost and could not be said in the index. */
  addLost(bytes: number): void {
    this.#summary = { ...this.#summary, lost_bytes: this.#summary.lost_bytes + bytes };
  }

  /**
   * False where the disk is full: nothing was appended then. `taken` is called once the entries are in the index, before
   * anybody is told.
   */
  append(pieces: readonly Piece[], taken: () => void): boolean {
    let firstSeq = this.endSeq + 1;
    const entries = pieces.map(({ type, lane, offset, bytes, timeUs, linesMax = denseAboveLines }) => {
      const { lines, records, isDense } = measure(bytes, linesMax);
      // Written out: with a thousand hosts this is done for every line, and spreading took half the time of a write.
      const entry: IndexEntry = {
        type,
        firstSeq,
        records,
        lines,
        timeUs,
        isDense,
        lostBytes: 0,
        offset,
        length: bytes.length,
        lane,
      };
      firstSeq += records;
      return entry;
    });
    if (!this.#write(entries)) return false;
    // Copied before they are `taken`: what is held, and shown now, may be given up by that.
    const segments = this.#listener.isWanted() ? this.#segments(entries, pieces) : [];
    taken();
    if (segments === 'long') this.#listener.grew?.(this.endSeq);
    else if (segments.length > 0) this.#listener.appended(segments);
    return true;
  }

  /** Marks that output is missing at this place, by a record or only in the totals. */
  appendLost(at: { type: OutputType; offset: number; timeUs: number }, lostBytes: number, records: 0 | 1): boolean {
    const place = { ...at, lane: 0, length: 0, lines: 0, isDense: false };
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
    if (!this.#index.append(entries)) return this.full();
    this.#isFull = false;
    this.#summary = entries.reduce(addEntry, this.#summary);
    return true;
  }

  #segments(entries: readonly IndexEntry[], pieces: readonly Piece[]): readonly OutputSegment[] | 'long' {
    const isLong = pieces.some(({ bytes }) => bytes.length > longBytes);
    if (isLong && this.#listener.grew && this.#listener.wantsLong?.() === false) return 'long';
    return pieces.flatMap(({ bytes, host }, at) => {
      const entry = entries[at];
      // Read buffers are used again at once: who gets bytes gets a copy.
      return entry ? [{ ...entry, ...(host !== undefined && { host }), bytes: Buffer.from(bytes) }] : [];
    });
  }
}
