/**
 * Time as a port: the wall clock in microseconds since 1970 (what StackStorm's timestamps carry), a clock for durations,
 * and timers. Code below `app` takes time from here, so that tests move it instead of sleeping.
 *
 * The wall clock may be set while the server runs, by hours and in either direction. So it is for what people read and for
 * what another process reads; how long something took, or whether it is time, is a matter of the monotonic clock.
 */
export interface Clock {
  /** Microseconds since 1970-01-01T00:00:00Z; goes backwards only where somebody sets the system's clock back. */
  nowUs(): number;
  /** Microseconds since some moment of this process; never goes backwards, and no setting of a clock moves it. */
  monotonicUs(): number;
  /** Calls `fn` once after `delayMs`; returns what cancels it. The timer does not keep the process alive. */
  after(delayMs: number, fn: () => void): () => void;
}

/** The two clocks of the system, both in milliseconds. The wall's are whole. */
export interface ClockSource {
  wallMs(): number;
  monotonicMs(): number;
}

/** `Date.now()` cuts a millisecond off; twice that is no rounding any more: the clock was set back. */
const setBackUs = 2_000;
/** Between two readings that are compared; longer, and the process was off the processor in between. */
const apartUs = 200;
const readingsMax = 10;

/** Wall time with microseconds: the monotonic clock shifted onto the wall's, and shifted again where that was set. */
export function wallClock({ wallMs, monotonicMs }: ClockSource): Pick<Clock, 'nowUs' | 'monotonicUs'> {
  const monotonicUs = () => Math.round(monotonicMs() * 1000);
  const readTogether = () => {
    for (let reading = 1; ; reading++) {
      const beforeUs = monotonicUs();
      const wallUs = wallMs() * 1000;
      if (monotonicUs() - beforeUs <= apartUs || reading === readingsMax) return wallUs - beforeUs;
    }
  };
  let shiftUs = readTogether();
  return {
    monotonicUs,
    nowUs() {
      const guessUs = monotonicUs() + shiftUs;
      const aheadUs = guessUs - wallMs() * 1000;
      if (aheadUs >= 0 && aheadUs <= setBackUs) return guessUs;
      const newShiftUs = readTogether();
      // Forward by any amount: so the first readings find where within a millisecond the wall's milliseconds begin.
      if (newShiftUs > shiftUs || shiftUs - newShiftUs > setBackUs) shiftUs = newShiftUs;
      return monotonicUs() + shiftUs;
    },
  };
}

export const systemClock: Clock = {
  ...wallClock({ wallMs: () => Date.now(), monotonicMs: () => performance.now() }),
  after(delayMs, fn) {
    const timer = setTimeout(fn, Math.min(delayMs, 2 ** 31 - 1));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** A clock that stands still until a test moves it; timers fire in order while it moves. */
export class ManualClock implements Clock {
  #nowUs = 0;
  /** From the monotonic clock to the wall's. */
  #shiftUs: number;
  #timers: { atUs: number; order: number; fn: () => void }[] = [];
  #order = 0;

  constructor(startUs = 1_700_000_000_000_000) {
    this.#shiftUs = startUs;
  }

  nowUs(): number {
    return this.#nowUs + this.#shiftUs;
  }

  monotonicUs(): number {
    return this.#nowUs;
  }

  /** Somebody sets the system's clock; no time passes. */
  setWall(byMs: number): void {
    this.#shiftUs += byMs * 1000;
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
