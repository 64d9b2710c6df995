/**
 * Time as a port: the wall clock in microseconds since 1970 (what StackStorm's timestamps carry) and timers.
 * Code below `app` takes time from here, so that tests move it instead of sleeping.
 */
export interface Clock {
  /** Microseconds since 1970-01-01T00:00:00Z; never goes backwards within a process by itself. */
  nowUs(): number;
  /** Calls `fn` once after `delayMs`; returns what cancels it. The timer does not keep the process alive. */
  after(delayMs: number, fn: () => void): () => void;
}

const originUs = Math.round(performance.timeOrigin * 1000);

export const systemClock: Clock = {
  nowUs() {
    // Date.now() follows corrections of the system clock; performance.now() adds the microseconds below a millisecond.
    const monotonicUs = originUs + Math.round(performance.now() * 1000);
    const wallMs = Date.now();
    return wallMs * 1000 + (((monotonicUs % 1000) + 1000) % 1000);
  },
  after(delayMs, fn) {
    const timer = setTimeout(fn, Math.min(delayMs, 2 ** 31 - 1));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** A clock that stands still until a test moves it; timers fire in order while it moves. */
export class ManualClock implements Clock {
  #nowUs: number;
  #timers: { atUs: number; order: number; fn: () => void }[] = [];
  #order = 0;

  constructor(startUs = 1_700_000_000_000_000) {
    this.#nowUs = startUs;
  }

  nowUs(): number {
    return this.#nowUs;
  }

  after(delayMs: number, fn: () => void): () => void {
    const timer = { atUs: this.#nowUs + delayMs * 1000, order: this.#order++, fn };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  advance(ms: number): void {
    const endUs = this.#nowUs + ms * 1000;
    for (;;) {
      const due = this.#timers
        .filter((timer) => timer.atUs <= endUs)
        .sort((a, b) => a.atUs - b.atUs || a.order - b.order)[0];
      if (!due) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.#nowUs = Math.max(this.#nowUs, due.atUs);
      due.fn();
    }
    this.#nowUs = endUs;
  }
}
