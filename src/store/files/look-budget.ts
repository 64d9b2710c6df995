/**
 * How often growing logs are looked at without delay. Looking at once is what makes output live (0.2 ms from print to
 * reader instead of 5 ms), and each look costs about a tenth of a millisecond with its frame: a few logs that print some
 * hundred lines a second are served line by line; beyond the budget, which all logs share, looks are bundled.
 */

/** About 3 % of a processor. */
const looksPerSecond = 300;
/** What a program may print at once after a pause, line by line. */
const burst = 30;

export class LookBudget {
  #left = burst;
  #refilledUs = 0;

  /** True: look now. False: there were many looks lately. */
  take(nowUs: number): boolean {
    const elapsedS = Math.max(0, nowUs - this.#refilledUs) / 1_000_000;
    this.#left = Math.min(burst, this.#left + elapsedS * looksPerSecond);
    this.#refilledUs = nowUs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
