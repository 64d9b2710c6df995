/**
 * How many hosts of an execution are worked on at the same time. A slot is for work: who only waits for a host that does not
 * answer may `lend` its own to the next in the meantime, so that dead hosts do not hold up good ones. No more than all slots
 * are lent at once: who waits may also be one of many that log in slowly, under load that more of them would only add to.
 */
export class HostSlots {
  readonly #count: number;
  #free: number;
  #lent = 0;
  /** In the order of asking. */
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#count = count;
    this.#free = count;
  }

  /** Resolves when it is this one's turn. */
  async take(): Promise<HostSlot> {
    await this.#acquire();
    let state: 'held' | 'lent' | 'given back' = 'held';
    return {
      lend: () => {
        if (state !== 'held' || this.#lent === this.#count) return;
        state = 'lent';
        this.#lent += 1;
        this.#release();
      },
      takeBack: async () => {
        if (state !== 'lent') return;
        await this.#acquire();
        this.#lent -= 1;
        state = 'held';
      },
      [Symbol.dispose]: () => {
        if (state === 'held') this.#release();
        if (state === 'lent') this.#lent -= 1;
        state = 'given back';
      },
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
  /** Lets others go first, until it is taken back; where enough do so already, it changes nothing. */
  lend(): void;
  /** Resolves when it is this one's turn again. */
  takeBack(): Promise<void>;
}
