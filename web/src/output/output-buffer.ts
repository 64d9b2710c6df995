/**
 * The lines of one execution that the page keeps: the newest ones, within two bounds. What falls out at the front is
 * counted, so that the view can say so. Readers are told at most once a frame that something changed.
 */
import type { LineList, OutputLine } from './line-assembler.ts';

/** Enough to scroll through and search; at some 100 bytes a line about 50 MB of memory. */
export const linesMax = 200_000;
/** The other bound, for long lines: UTF-16 code units. */
export const charsMax = 48 * 1024 * 1024;
/** Lines are dropped this many at a time, because each time moves the whole list. */
const dropLines = 10_000;

export interface BufferLimits {
  readonly linesMax: number;
  readonly charsMax: number;
  readonly dropLines: number;
}

export class OutputBuffer implements LineList {
  readonly #limits: BufferLimits;
  #lines: OutputLine[] = [];
  #chars = 0;
  #dropped = 0;
  #longest = 0;

  constructor(limits: BufferLimits = { linesMax, charsMax, dropLines }) {
    this.#limits = limits;
  }

  /** Oldest first, `number` without holes. Do not keep: it changes. */
  get lines(): readonly OutputLine[] {
    return this.#lines;
  }

  /** How many lines were dropped at the front. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Code units of the longest line so far, also of dropped ones, so that the view's width never shrinks. */
  get longest(): number {
    return this.#longest;
  }

  append(line: OutputLine): void {
    this.#lines.push(line);
    this.#count(line, 1);
    if (this.#lines.length >= this.#limits.linesMax + this.#limits.dropLines) this.#drop(this.#limits.dropLines);
    else this.#dropChars();
  }

  replace(line: OutputLine): void {
    const index = line.number - this.#dropped - 1;
    const old = this.#lines[index];
    if (old === undefined) return; // dropped while it was unfinished
    this.#count(old, -1);
    this.#lines[index] = line;
    this.#count(line, 1);
    this.#dropChars();
  }

  #dropChars(): void {
    while (this.#chars > this.#limits.charsMax && this.#lines.length > 1) {
      this.#drop(Math.max(1, Math.min(this.#limits.dropLines, this.#lines.length >> 3)));
    }
  }

  #drop(count: number): void {
    for (const line of this.#lines.splice(0, count)) this.#count(line, -1);
    this.#dropped += count;
  }

  #count(line: OutputLine, sign: 1 | -1): void {
    if (line.kind !== 'text') return;
    this.#chars += sign * line.text.length;
    if (line.text.length > this.#longest) this.#longest = line.text.length;
  }
}
