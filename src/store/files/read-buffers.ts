/**
 * Memory that pages of output are read into, used again when a page is done with. Fresh buffers would pile up until the
 * next collection, and a flood reads hundreds of megabytes between two.
 */

/** The largest segment; longer reads of older logs get memory of their own. */
const bufferBytes = 256 * 1024;
/** Kept for the next page; more readers than this at the same moment allocate. */
const keptMax = 32;

const free: Buffer[] = [];

export class ReadBuffers implements Disposable {
  readonly #taken: Buffer[] = [];
  #current: Buffer | undefined;
  #used = 0;

  /** Memory of this size, valid until disposed. Its content is undefined. */
  take(bytes: number): Buffer {
    if (bytes > bufferBytes) return Buffer.allocUnsafeSlow(bytes);
    if (!this.#current || this.#used + bytes > bufferBytes) {
      this.#current = free.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
      this.#taken.push(this.#current);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += bytes;
    return this.#current.subarray(start, this.#used);
  }

  [Symbol.dispose](): void {
    for (const buffer of this.#taken.splice(0)) if (free.length < keptMax) free.push(buffer);
    this.#current = undefined;
  }
}
