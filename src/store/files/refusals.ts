/**
 * What the system refuses while a log is read or written (descriptors, a failing device) is told once and tried again:
 * by the growth watch at its next poll, and here, at the end, when nobody will look again.
 */
import type { Clock } from '../../base/clock.ts';
import { systemCode } from '../../base/errors.ts';

/** A want of descriptors often passes in a moment; who waits for the end of an execution does not wait long. */
const retryAfterMs = [20, 100, 500] as const;

export class Refusals {
  readonly #clock: Clock;
  readonly #tell: (error: unknown) => void;
  #wasTold = false;

  constructor(clock: Clock, tell: (error: unknown) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Tells the first one only: it comes again at every poll, and most likely for the same reason. */
  report(error: unknown): void {
    if (this.#wasTold) return;
    this.#wasTold = true;
    this.#tell(error);
  }

  /** Does the work, which can be repeated, waiting a little where it is refused. Throws the last refusal. */
  async persistently<T>(work: () => T): Promise<T> {
    for (const waitMs of retryAfterMs) {
      try {
        return work();
      } catch (error) {
        if (!isRefusal(error)) throw error;
        this.report(error);
        await new Promise<void>((resolve) => this.#clock.after(waitMs, resolve));
      }
    }
    return work();
  }

  /** The same for who cannot wait: a call that was interrupted or met a passing failure may do the next time. */
  atOnce<T>(work: () => T): T {
    for (let tries = 0; tries < retryAfterMs.length; tries++) {
      try {
        return work();
      } catch (error) {
        if (!isRefusal(error)) throw error;
        this.report(error);
      }
    }
    return work();
  }
}

/** An error of a call to the system. Anything else is a mistake of ours. */
function isRefusal(error: unknown): boolean {
  return systemCode(error) !== undefined && error instanceof Error && 'syscall' in error;
}
