/**
 * Where each row of a long list stands, in units of text lines: a row is 1 high, or more where its text is wrapped. Heights are
 * summed in blocks, so appending is constant and finding a row is a walk over some hundred blocks, whatever the list's length.
 */

/** Near the square root of the longest list (200 000 rows), which makes both walks equally short. */
const blockRows = 512;

export class RowLayout {
  #heights: number[] = [];
  #blocks: number[] = [];
  #total = 0;

  get length(): number {
    return this.#heights.length;
  }

  /** Of all rows together. */
  get total(): number {
    return this.#total;
  }

  append(height: number): void {
    const block = Math.floor(this.#heights.length / blockRows);
    this.#heights.push(height);
    this.#blocks[block] = (this.#blocks[block] ?? 0) + height;
    this.#total += height;
  }

  /** Changes a row's height; returns by how much it grew. */
  set(row: number, height: number): number {
    const growth = height - (this.#heights[row] ?? height);
    if (growth === 0) return 0;
    this.#heights[row] = height;
    const block = Math.floor(row / blockRows);
    this.#blocks[block] = (this.#blocks[block] ?? 0) + growth;
    this.#total += growth;
    return growth;
  }

  /** Forgets all rows from `length` on. */
  truncate(length: number): void {
    if (length >= this.#heights.length) return;
    this.#rebuild(this.#heights.slice(0, length));
  }

  /** Forgets the first `count` rows; returns how high they were together. */
  dropFirst(count: number): number {
    const height = this.top(count);
    this.#rebuild(this.#heights.slice(count));
    return height;
  }

  /** Where the row begins. For `length` (one past the last): the total. */
  top(row: number): number {
    const block = Math.floor(row / blockRows);
    let top = 0;
    for (let i = 0; i < block; i++) top += this.#blocks[i] ?? 0;
    for (let i = block * blockRows; i < row; i++) top += this.#heights[i] ?? 0;
    return top;
  }

  /** The row that covers `position`; the nearest one for positions outside. 0 in an empty list. */
  rowAt(position: number): number {
    let top = 0;
    let block = 0;
    while (block < this.#blocks.length - 1 && top + (this.#blocks[block] ?? 0) <= position) {
      top += this.#blocks[block] ?? 0;
      block += 1;
    }
    let row = block * blockRows;
    while (row < this.#heights.length - 1 && top + (this.#heights[row] ?? 0) <= position) {
      top += this.#heights[row] ?? 0;
      row += 1;
    }
    return row;
  }

  #rebuild(heights: readonly number[]): void {
    this.#heights = [];
    this.#blocks = [];
    this.#total = 0;
    for (const height of heights) this.append(height);
  }
}

/** How many text lines `text` takes when it is wrapped at `columns`: what a monospaced font needs, but for tabs and wide characters. */
export function wrappedLines(textLength: number, columns: number): number {
  return Math.max(1, Math.ceil(textLength / Math.max(1, columns)));
}
