/**
 * Parts of output that were asked for by number: some records of a segment, some lines of a text. A part of a segment is
 * a segment again, with the same records under the same `seq`.
 */
import { countLines, eachRecordLength, lastSeq, type OutputSegment } from './output-segment.ts';

/** The records from `firstSeq` to `lastSeq`; undefined where the segment has none of them. */
export function sliceSegment(
  segment: OutputSegment,
  wish: { readonly firstSeq: number; readonly lastSeq: number },
): OutputSegment | undefined {
  const first = Math.max(segment.firstSeq, wish.firstSeq);
  const last = Math.min(lastSeq(segment), wish.lastSeq);
  if (first > last) return undefined;
  if (first === segment.firstSeq && last === lastSeq(segment)) return segment;
  // What was lost is one mark, however many records it stands for.
  if (segment.lostBytes !== 0) return first === segment.firstSeq ? segment : undefined;
  let start = 0;
  let end = 0;
  eachRecordLength(segment, (seq, length) => {
    if (seq < first) start += length;
    if (seq <= last) end += length;
  });
  const bytes = segment.bytes.subarray(start, end);
  const counts = { firstSeq: first, records: last - first + 1, lines: countLines(bytes) };
  return { ...segment, ...counts, offset: segment.offset + start, bytes };
}

/** How many records a reader gets of a segment. */
export function readableRecords(segment: OutputSegment): number {
  return segment.lostBytes === 0 ? segment.records : 1;
}

/** Lines of a text that comes in pieces: first `skip` are left out, then `take` are let through. What follows the last line end is a line too. */
export class LineWindow {
  #skip: number;
  #take: number;

  constructor(skip: number, take = Number.POSITIVE_INFINITY) {
    this.#skip = skip;
    this.#take = take;
  }

  /** Nothing that comes will be let through. */
  get isOver(): boolean {
    return this.#take <= 0;
  }

  /** What of the next piece is let through. */
  pass(piece: string): string {
    const start = this.#skip === 0 ? 0 : this.#after(piece, 0, () => --this.#skip > 0);
    if (start === undefined || this.isOver) return '';
    if (this.#take === Number.POSITIVE_INFINITY) return piece.slice(start);
    return piece.slice(
      start,
      this.#after(piece, start, () => --this.#take > 0),
    );
  }

  /** The place after line ends for as long as `goesOn`; undefined where the piece ends before. */
  #after(piece: string, from: number, goesOn: () => boolean): number | undefined {
    for (let at = piece.indexOf('\n', from); at !== -1; at = piece.indexOf('\n', at + 1)) if (!goesOn()) return at + 1;
    return undefined;
  }
}
