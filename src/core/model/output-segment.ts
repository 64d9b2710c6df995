/**
 * Segments: the unit in which output is stored and sent. A segment holds `records` records of one type and one host whose
 * bytes became visible together; where its bytes split into records is decided here, from the bytes alone, so that every
 * reader at any time sees the same records with the same `seq`.
 */
import type { OutputType } from './output-record.ts';

export interface OutputSegment {
  readonly type: OutputType;
  /** Where it was printed; absent where that is this very machine, or nobody said. */
  readonly host?: string;
  /** `seq` of its first record. */
  readonly firstSeq: number;
  readonly records: number;
  readonly lines: number;
  /** When the bytes were read, microseconds since 1970. */
  readonly timeUs: number;
  /** Lines are not told apart: records are pieces of up to `pieceBytesMax` (see below). */
  readonly isDense: boolean;
  /** Not 0: this segment stands for output that was not kept. It has one record without data. */
  readonly lostBytes: number;
  /** Position in the type's output. */
  readonly offset: number;
  readonly bytes: Buffer;
}

/**
 * The longest record. A longer line becomes several records, because one frame of tens of megabytes would have to be
 * held whole by the server, every proxy and every client.
 */
export const pieceBytesMax = 64 * 1024;

/**
 * A read with more lines than this becomes a dense segment: pieces of up to 64 KiB with many lines each. At one read
 * per 10 ms that is about 400,000 lines a second, where a frame per line would cost a reader more than it can show.
 */
export const denseAboveLines = 4096;

/** The same for a read that found more than it could take: what waits behind it will not be fewer lines. */
export const denseAboveLinesInFlood = 1024;

/** Up to here a plain loop finds line ends sooner than the first call into the system's search would return. */
const fewBytes = 512;

const newline = 0x0a;
const carriageReturn = 0x0d;

/** How many bytes at the end of `bytes` begin a UTF-8 character that is not complete (0 to 3). */
export function incompleteTail(bytes: Uint8Array): number {
  const end = bytes.length;
  for (let back = 1; back <= Math.min(3, end); back++) {
    const byte = bytes[end - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 && byte < 0xf5 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;
    return byte >= 0xf5 || length <= back ? 0 : back;
  }
  return 0;
}

/**
 * How many of the bytes may be shown now. Whole lines always; a line that rewrites itself up to its last carriage
 * return; the rest only when `flushPartial` (it has waited long enough), and even then not half a character.
 */
export function visibleLength(bytes: Buffer, flushPartial: boolean): number {
  if (flushPartial) return bytes.length - incompleteTail(bytes);
  const afterLine = bytes.lastIndexOf(newline) + 1;
  // A carriage return at the very end may be the first half of \r\n: it waits for what follows.
  const afterReturn = bytes.length < 2 ? 0 : bytes.lastIndexOf(carriageReturn, bytes.length - 2) + 1;
  return Math.max(afterLine, afterReturn);
}

/** Counts of what a segment of these bytes will hold; it is dense if it has more lines than `linesMax`. */
export function measure(
  bytes: Buffer,
  linesMax = denseAboveLines,
): {
  readonly lines: number;
  readonly records: number;
  readonly isDense: boolean;
} {
  if (bytes.length <= fewBytes && bytes.length <= linesMax) {
    const count = countLines(bytes);
    return { lines: count, records: count + (bytes.length > 0 && bytes.at(-1) !== newline ? 1 : 0), isDense: false };
  }
  let lines = 0;
  let records = 0;
  let start = 0;
  for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) {
    lines += 1;
    records += at + 1 - start <= pieceBytesMax ? 1 : piecesIn(bytes, start, at + 1);
    start = at + 1;
    if (lines > linesMax) return { lines: countLines(bytes), records: densePieces(bytes), isDense: true };
  }
  if (start < bytes.length) records += piecesIn(bytes, start, bytes.length);
  return { lines, records, isDense: false };
}

/** Calls `each` with seq and text of every record of a segment after the cursor `afterSeq`. */
export function eachRecord(segment: OutputSegment, afterSeq: number, each: (seq: number, data: string) => void): void {
  let seq = segment.firstSeq;
  if (segment.lostBytes !== 0) {
    if (seq > afterSeq) each(seq, '');
    return;
  }
  const { bytes } = segment;
  const emit = (start: number, end: number) => {
    if (seq > afterSeq) each(seq, bytes.toString('utf8', start, end));
    seq += 1;
  };
  if (segment.isDense) {
    for (let start = 0; start < bytes.length; ) {
      const end = denseEnd(bytes, start);
      emit(start, end);
      start = end;
    }
    return;
  }
  for (let start = 0; start < bytes.length; ) {
    const at = bytes.indexOf(newline, start);
    const lineEnd = at === -1 ? bytes.length : at + 1;
    while (start < lineEnd) {
      const end = pieceEnd(bytes, start, lineEnd);
      emit(start, end);
      start = end;
    }
  }
}

/** The bytes of a segment that belong to records after the cursor. */
export function bytesAfter(segment: OutputSegment, afterSeq: number): Buffer {
  if (segment.firstSeq > afterSeq || segment.lostBytes !== 0) return segment.bytes;
  let skipped = 0;
  eachRecordLength(segment, (seq, length) => {
    if (seq <= afterSeq) skipped += length;
  });
  return segment.bytes.subarray(skipped);
}

export function lastSeq(segment: OutputSegment): number {
  return segment.firstSeq + segment.records - 1;
}

export function countLines(bytes: Buffer): number {
  let lines = 0;
  // Above an average line of about 30 bytes indexOf wins; for very short lines a plain loop does.
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === newline) lines += 1;
  return lines;
}

/** Calls `each` with seq and length in bytes of every record. */
export function eachRecordLength(segment: OutputSegment, each: (seq: number, length: number) => void): void {
  const { bytes } = segment;
  let seq = segment.firstSeq;
  for (let start = 0; start < bytes.length; seq++) {
    let end: number;
    if (segment.isDense) end = denseEnd(bytes, start);
    else {
      const at = bytes.indexOf(newline, start);
      end = pieceEnd(bytes, start, at === -1 ? bytes.length : at + 1);
    }
    each(seq, end - start);
    start = end;
  }
}

function piecesIn(bytes: Buffer, start: number, end: number): number {
  let pieces = 0;
  for (let at = start; at < end; at = pieceEnd(bytes, at, end)) pieces += 1;
  return pieces;
}

/** End of the piece of a line that begins at `start`: at most `pieceBytesMax`, never inside a character. */
function pieceEnd(bytes: Buffer, start: number, lineEnd: number): number {
  if (lineEnd - start <= pieceBytesMax) return lineEnd;
  const end = start + pieceBytesMax;
  return end - incompleteTail(bytes.subarray(end - 4, end));
}

function densePieces(bytes: Buffer): number {
  let pieces = 0;
  for (let at = 0; at < bytes.length; at = denseEnd(bytes, at)) pieces += 1;
  return pieces;
}

/** A dense piece ends after the last line that fits, or, where no line end fits, like a piece of a long line. */
function denseEnd(bytes: Buffer, start: number): number {
  if (bytes.length - start <= pieceBytesMax) return bytes.length;
  const at = bytes.lastIndexOf(newline, start + pieceBytesMax - 1);
  return at >= start ? at + 1 : pieceEnd(bytes, start, bytes.length);
}
