/**
 * What a raw file was last seen to hold, in memory: the whole file while it is short, else only the bytes around the
 * place where reading goes on. An action can empty or overwrite its own output file (`echo x > /dev/stderr`): this is how
 * that is noticed, and where the bytes come from that are in the index and no longer in the file.
 */

/** A file up to this length is held whole. Longer ones are floods, which rarely reopen their output. */
export const wholeBytesMax = 256 * 1024;
/** Of a longer file, bytes before the place of reading: enough to tell whether it is still the same text. */
export const witnessBytes = 16;
/** All logs together: some hundred executions with long output at the same moment. The others are held in part. */
const allBytesMax = 32 * 1024 * 1024;
const firstCapacity = 512;

/** Memory for whole files, shared by all logs. */
export class HeldBudget {
  #left = allBytesMax;

  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#left += bytes;
  }
}

export class HeldBytes implements Disposable {
  readonly #budget: HeldBudget;
  #start = 0;
  #length = 0;
  #buffer: Buffer = Buffer.alloc(0);
  #budgeted = 0;
  /** The first bytes of the file: of a file that is not held whole, they tell whether it began anew. */
  #first: Buffer = Buffer.alloc(0);

  constructor(budget: HeldBudget) {
    this.#budget = budget;
  }

  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#start + this.#length;
  }

  get isWhole(): boolean {
    return this.#start === 0;
  }

  get first(): Buffer {
    return this.isWhole ? this.view(0, Math.min(witnessBytes, this.end)) : this.#first;
  }

  set first(bytes: Buffer) {
    this.#first = Buffer.from(bytes);
  }

  /** The bytes of the file from `from` to `to`, which must be held; a view, valid until the next change. */
  view(from: number, to: number): Buffer {
    return this.#buffer.subarray(from - this.#start, to - this.#start);
  }

  /** Whether `bytes` begin with what is held from `from` on. */
  agrees(from: number, bytes: Buffer): boolean {
    const known = this.end - from;
    if (bytes.length < known) return false;
    return bytes.compare(this.#buffer, from - this.#start, this.#length, 0, known) === 0;
  }

  /**
   * The file was read: `bytes` begin at `at`, which is not after `end`; what lies before `position` has been taken in.
   * Of a flood, only the end is copied.
   */
  extend(at: number, bytes: Buffer, position: number): void {
    const end = at + bytes.length;
    if (this.isWhole && this.#room(end)) {
      if (end > this.#length) bytes.copy(this.#buffer, this.#length, this.#length - at);
      this.#length = Math.max(this.#length, end);
      return;
    }
    if (this.isWhole)
      this.#first = this.#length > 0 ? Buffer.from(this.first) : Buffer.from(bytes.subarray(0, witnessBytes));
    const from = Math.max(at, position - witnessBytes);
    this.#hold(from, Buffer.from(bytes.subarray(from - at)));
  }

  /** The file is now known to hold these bytes at `at`, in the midst of what is held. */
  patch(at: number, bytes: Buffer): void {
    bytes.copy(this.#buffer, at - this.#start);
  }

  /** Begins again with what is known of the file up to the place of reading. */
  restart(start: number, bytes: Buffer): void {
    this.#hold(0, Buffer.alloc(0));
    const kept =
      bytes.length <= firstCapacity || this.#budget.take(bytes.length) ? bytes : bytes.subarray(-witnessBytes);
    if (kept.length > firstCapacity) this.#budgeted = kept.length;
    this.#start = start + bytes.length - kept.length;
    this.#buffer = Buffer.from(kept);
    this.#length = kept.length;
  }

  [Symbol.dispose](): void {
    this.#hold(this.#start, Buffer.alloc(0));
  }

  #hold(start: number, buffer: Buffer): void {
    this.#budget.giveBack(this.#budgeted);
    this.#budgeted = 0;
    this.#start = start;
    this.#buffer = buffer;
    this.#length = buffer.length;
  }

  #room(bytes: number): boolean {
    if (bytes <= this.#buffer.length) return true;
    if (bytes > wholeBytesMax) return false;
    const capacity = Math.min(wholeBytesMax, Math.max(firstCapacity, 2 * this.#buffer.length, bytes));
    if (!this.#budget.take(capacity - this.#budgeted)) return false;
    this.#budgeted = capacity;
    const larger = Buffer.allocUnsafe(capacity);
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
    return true;
  }
}
