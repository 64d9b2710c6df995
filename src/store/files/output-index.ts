/**
 * The index of an output log: a file of fixed-size entries, one per segment, in the one order of the log. Fixed size
 * makes a cursor a binary search, and an entry torn by a crash is recognised by the file's length and cut off.
 *
 * After the head (index-head.ts), per entry 52 bytes, little endian: type u8, flags u8, lane u16 (host-names.ts),
 * records u32, lines u32, length u32, offset f64, firstSeq f64, timeUs f64, lostBytes f64, shown u32. Records, lines and
 * `shown` are of the redacted bytes; `length` and `offset` are of the raw file.
 */
import { Buffer } from 'node:buffer';
import { outputTypes } from '../../core/model/output-record.ts';
import type { OutputSegment } from '../../core/model/output-segment.ts';

export const entrySize = 52;

const denseFlag = 1;
const interruptedFlag = 2;

export type IndexEntry = Omit<OutputSegment, 'bytes' | 'host'> & {
  readonly length: number;
  /** Where it was printed: a line of the file of host names, 0 where nobody said. */
  readonly lane: number;
  /** Length as it is shown, redacted. */
  readonly shown: number;
  /** Nothing followed these bytes when they were taken in: see `redactInterrupted`. */
  readonly isInterrupted: boolean;
};

export function encodeEntries(entries: readonly IndexEntry[]): Buffer {
  const buffer = Buffer.alloc(entries.length * entrySize);
  for (const [at, entry] of entries.entries()) encodeEntry(entry, buffer.subarray(at * entrySize));
  return buffer;
}

function encodeEntry(entry: IndexEntry, buffer: Buffer): void {
  buffer.writeUInt8(outputTypes.indexOf(entry.type), 0);
  buffer.writeUInt8((entry.isDense ? denseFlag : 0) | (entry.isInterrupted ? interruptedFlag : 0), 1);
  buffer.writeUInt16LE(entry.lane, 2);
  buffer.writeUInt32LE(entry.records, 4);
  buffer.writeUInt32LE(entry.lines, 8);
  buffer.writeUInt32LE(entry.length, 12);
  buffer.writeDoubleLE(entry.offset, 16);
  buffer.writeDoubleLE(entry.firstSeq, 24);
  buffer.writeDoubleLE(entry.timeUs, 32);
  buffer.writeDoubleLE(entry.lostBytes, 40);
  buffer.writeUInt32LE(entry.shown, 48);
}

/** The entry at byte `at` of `buffer`. Throws where it cannot have been written by `encodeEntries`. */
export function decodeEntry(buffer: Buffer, at: number): IndexEntry {
  const type = outputTypes[buffer.readUInt8(at)];
  if (!type) throw new RangeError(`damaged output index: type ${buffer.readUInt8(at)}`);
  return {
    type,
    isDense: (buffer.readUInt8(at + 1) & denseFlag) !== 0,
    isInterrupted: (buffer.readUInt8(at + 1) & interruptedFlag) !== 0,
    lane: buffer.readUInt16LE(at + 2),
    records: buffer.readUInt32LE(at + 4),
    lines: buffer.readUInt32LE(at + 8),
    length: buffer.readUInt32LE(at + 12),
    offset: buffer.readDoubleLE(at + 16),
    firstSeq: buffer.readDoubleLE(at + 24),
    timeUs: buffer.readDoubleLE(at + 32),
    lostBytes: buffer.readDoubleLE(at + 40),
    shown: buffer.readUInt32LE(at + 48),
  };
}

/** In a file of this size, after a head of this length. */
export function entriesIn(fileSize: number, headBytes: number): number {
  return Math.max(0, Math.floor((fileSize - headBytes) / entrySize));
}

export function entryPosition(index: number, headBytes: number): number {
  return headBytes + index * entrySize;
}
