/**
 * One line as a terminal would show it, while it is being written: text is appended, or, after `\r`, `\b` or a cursor move,
 * overwritten in place. Nearly every line is only appended to, so a line stays a string with style runs until something really
 * overwrites it and only then becomes cells, one per code point. (Double-width characters count as one cell: what overwrites them
 * are progress bars, which move by whole lines.)
 */
import { type AnsiStyle, plainStyle } from './ansi-style.ts';

/** `style` from code unit `start` up to the next run's start. Unstyled text has no runs. */
export interface StyleRun {
  readonly start: number;
  readonly style: AnsiStyle;
}

/** What is kept of one line. More would make a row that no browser lays out smoothly; the complete text can be downloaded. */
export const lineCharsMax = 16_384;

interface Cell {
  readonly char: string;
  readonly style: AnsiStyle;
}

const blank: Cell = { char: ' ', style: plainStyle };

export class LineEditor {
  #text = '';
  #runs: StyleRun[] = [];
  #cells: Cell[] | undefined;
  #column = 0;
  #cut = 0;

  /** How many characters beyond `lineCharsMax` are not shown. */
  get cutChars(): number {
    return this.#cut;
  }

  print(text: string, style: AnsiStyle): void {
    if (this.#cells === undefined && this.#column === this.#text.length) this.#append(text, style);
    else this.#overwrite(text, style);
  }

  #append(text: string, style: AnsiStyle): void {
    const room = lineCharsMax - this.#text.length;
    const kept = text.length <= room ? text : text.slice(0, room);
    this.#cut += text.length - kept.length;
    if (kept !== '') {
      if (style !== (this.#runs.at(-1)?.style ?? plainStyle)) this.#runs.push({ start: this.#text.length, style });
      this.#text += kept;
    }
    // Past the end the column stays at the end: nobody addresses columns beyond 16 384.
    this.#column = this.#text.length;
  }

  #overwrite(text: string, style: AnsiStyle): void {
    const cells = this.#asCells();
    for (const char of text) {
      if (this.#column >= lineCharsMax) {
        this.#cut += 1;
        continue;
      }
      while (cells.length < this.#column) cells.push(blank);
      cells[this.#column] = { char, style };
      this.#column += 1;
    }
  }

  carriageReturn(): void {
    this.#column = 0;
  }

  moveBy(columns: number): void {
    this.#asCells(); // first, because it counts the column anew: in code points
    this.moveTo(this.#column + columns);
  }

  moveTo(column: number): void {
    this.#asCells();
    this.#column = Math.min(Math.max(0, column), lineCharsMax);
  }

  erase(part: 'to-end' | 'to-start' | 'all'): void {
    switch (part) {
      case 'all':
        if (this.#column > 0) this.#asCells();
        this.#cells = this.#column > 0 ? [] : undefined;
        this.#text = '';
        this.#runs = [];
        this.#cut = 0;
        return;
      case 'to-end':
        if (this.#column === 0) this.erase('all');
        else if (this.#cells !== undefined && this.#cells.length > this.#column) this.#cells.length = this.#column;
        return;
      case 'to-start': {
        const cells = this.#asCells();
        for (let i = 0; i <= this.#column && i < cells.length; i++) cells[i] = blank;
        return;
      }
    }
  }

  /** The line as it stands. */
  text(): { readonly text: string; readonly runs: readonly StyleRun[] } {
    if (this.#cells === undefined) return { text: this.#text, runs: this.#runs.slice() };
    const runs: StyleRun[] = [];
    let text = '';
    let style = plainStyle;
    for (const cell of this.#cells) {
      if (cell.style !== style) {
        style = cell.style;
        runs.push({ start: text.length, style });
      }
      text += cell.char;
    }
    return { text, runs };
  }

  #asCells(): Cell[] {
    if (this.#cells !== undefined) return this.#cells;
    const cells: Cell[] = [];
    let run = -1;
    let units = 0;
    for (const char of this.#text) {
      while ((this.#runs[run + 1]?.start ?? Number.POSITIVE_INFINITY) <= units) run += 1;
      cells.push({ char, style: this.#runs[run]?.style ?? plainStyle });
      units += char.length;
    }
    if (this.#column === this.#text.length) this.#column = cells.length;
    this.#cells = cells;
    return cells;
  }
}
