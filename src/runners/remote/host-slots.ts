/**
 * How many hosts of an execution are worked on at the same time. A slot is for work: who only waits for a host that does not
 * answer may `lend` its own to the next in the meantime, so that fifty dead hosts do not hold up a thousand good ones.
 */
export class HostSlots {
  #free: number;
  /** In the order of asking. */
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves when it is this one's turn. */
  async take(): Promise<HostSlot> {
    await this.#acquire();
    let isHeld = true;
    const giveBack = (): void => {
      if (isHeld) this.#release();
      isHeld = false;
    };
    return {
      lend: giveBack,
      takeBack: async () => {
        if (isHeld) return;
        await this.#acquire();
        isHeld = true;
      },
      [Symbol.dispose]: giveBack,
    };
  }

  async #acquire(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    // The slot is handed over: `#free` stays as it is.
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}

export interface HostSlot extends Disposable {
  /** Lets others go first, until it is taken back. */
  lend(): void;
  /** Resolves when it is this one's turn again. */
  takeBack(): Promise<void>;
}
