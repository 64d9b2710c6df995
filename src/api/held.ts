/**
 * The large parts of recent events: kept while they are among the newest, then let go, because the store has them.
 * Their owners stay and read them again where somebody is that far behind.
 */

/** Empty once newer ones needed the room. */
export class Held<T> {
  value: T | undefined;

  constructor(value: T) {
    this.value = value;
  }
}

export class HeldValues {
  readonly #bytesMax: number;
  #queue: { readonly held: Held<unknown>; readonly bytes: number }[] = [];
  /** Before this, the queue was let go already. */
  #oldest = 0;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Holds a value that takes so many bytes, and lets go the oldest ones beyond the limit; the newest is held whatever its size. */
  hold<T>(value: T, bytes: number): Held<T> {
    const held = new Held(value);
    this.#queue.push({ held, bytes });
    this.#bytes += bytes;
    while (this.#bytes > this.#bytesMax && this.#oldest < this.#queue.length - 1) {
      const oldest = this.#queue[this.#oldest];
      if (oldest) {
        oldest.held.value = undefined;
        this.#bytes -= oldest.bytes;
      }
      this.#oldest += 1;
    }
    // In steps: shifting one by one would move the whole array each time.
    if (this.#oldest > 1_000 && this.#oldest > this.#queue.length / 2) {
      this.#queue = this.#queue.slice(this.#oldest);
      this.#oldest = 0;
    }
    return held;
  }
}
