/**
 * Output that is kept for a result, in bounded memory: whole while it is short; of more, the beginning and the end, with a
 * line between them that says what is missing. The output of the execution has it all.
 */
import { incompleteTail } from '../../core/model/output-segment.ts';

/** Of a text that has to be cut, at most this of each end: as of output of local actions. */
const cutHalfMax = 256 * 1024;

export class HeadAndTail {
  readonly #bytesMax: number;
  readonly #half: number;
  #pieces: Buffer[] = [];
  #heldBytes = 0;
  #bytes = 0;
  /** From the moment it had to be cut; `#pieces` then is what is behind it. */
  #head: Buffer | undefined;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#half = Math.min(Math.floor(bytesMax / 2), cutHalfMax);
  }

  /** The bytes may be used again afterwards. */
  add(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    this.#heldBytes += bytes.length;
    this.#pieces.push(Buffer.from(bytes));
    if (this.#head === undefined) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#head = Buffer.concat(this.#pieces).subarray(0, this.#half);
    }
    // Joined when it is twice what is wanted: each byte is copied about once more, however small the pieces.
    if (this.#heldBytes > 2 * this.#half) this.#joinTail();
  }

  /** Bytes that are not valid UTF-8 become U+FFFD. */
  text(): { readonly text: string; readonly cutBytes: number } {
    if (this.#head === undefined) return { text: Buffer.concat(this.#pieces).toString('utf8'), cutBytes: 0 };
    this.#joinTail();
    const head = this.#head.subarray(0, this.#head.length - incompleteTail(this.#head));
    const joined = this.#pieces[0] ?? Buffer.alloc(0);
    // Neither end of the cut splits a character.
    const tail = joined.subarray(
      Math.max(
        0,
        joined.findIndex((byte) => (byte & 0xc0) !== 0x80),
      ),
    );
    const cutBytes = this.#bytes - head.length - tail.length;
    const gap = `\n[${cutBytes} of ${this.#bytes} bytes cut out here; the execution's output has them all]\n`;
    return { text: head.toString('utf8') + gap + tail.toString('utf8'), cutBytes };
  }

  #joinTail(): void {
    const joined = Buffer.concat(this.#pieces);
    const tail = Buffer.from(joined.subarray(Math.max(0, joined.length - this.#half)));
    this.#pieces = [tail];
    this.#heldBytes = tail.length;
  }
}
