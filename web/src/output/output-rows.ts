/**
 * What the view shows of the buffer: the lines that pass the filter, each with its place. Brought up to date in steps, because there may
 * be 200,000 lines and a new batch each frame.
 */
import type { OutputLine } from './line-assembler.ts';
import { RowLayout, wrappedLines } from './row-layout.ts';

export type OutputFilter = 'all' | 'stdout' | 'stderr';

/** The buffer as `OutputBuffer` and `LineAssembler` have it. */
export interface LineSource {
  readonly lines: readonly OutputLine[];
  readonly dropped: number;
  /** Lines before this number are as they were at the last update. */
  readonly unsettledFrom: number;
}

export class OutputRows {
  readonly layout = new RowLayout();
  readonly #filter: OutputFilter;
  readonly #host: string | undefined;
  readonly #columns: number | undefined;
  #rows: OutputLine[] = [];
  #unsettledFrom = 1;

  /** `columns`: where text is wrapped, undefined where it is not. `host`: only its lines. A change of any needs new rows. */
  constructor(filter: OutputFilter, columns: number | undefined, host?: string) {
    this.#filter = filter;
    this.#host = host;
    this.#columns = columns;
  }

  get length(): number {
    return this.#rows.length;
  }

  at(row: number): OutputLine | undefined {
    return this.#rows[row];
  }

  slice(first: number, end: number): readonly OutputLine[] {
    return this.#rows.slice(first, end);
  }

  get all(): readonly OutputLine[] {
    return this.#rows;
  }

  /** Follows the source; returns how much height (in text lines) has gone at the top. */
  update(source: LineSource): number {
    let gone = 0;
    const dropped = this.rowFrom(source.dropped + 1);
    if (dropped > 0) {
      this.#rows.splice(0, dropped);
      gone = this.layout.dropFirst(dropped);
    }
    const from = Math.max(this.#unsettledFrom, source.dropped + 1);
    let row = this.rowFrom(from);
    for (let index = from - source.dropped - 1; index < source.lines.length; index++) {
      const line = source.lines[index];
      if (line === undefined || !this.#passes(line)) continue;
      if (row >= this.#rows.length) {
        this.#rows.push(line);
        this.layout.append(this.#estimate(line));
      } else if (this.#rows[row] !== line) {
        this.#rows[row] = line;
        this.layout.set(row, this.#estimate(line));
      }
      row += 1;
    }
    this.#unsettledFrom = source.unsettledFrom;
    return gone;
  }

  /** The first row whose line has this number or a later one; `length` where there is none. */
  rowFrom(number: number): number {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#rows[middle]?.number ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #passes(line: OutputLine): boolean {
    if (line.kind === 'gap') return true;
    if (this.#host !== undefined && line.host !== this.#host) return false;
    return this.#filter === 'all' || line.type === this.#filter;
  }

  /** What is seen is measured; this is for what is not. */
  #estimate(line: OutputLine): number {
    if (this.#columns === undefined || line.kind === 'gap') return 1;
    return wrappedLines(line.text.length, this.#columns);
  }
}
