/**
 * How long to wait before trying a lost server again, and when to stop trying. Pure: the caller says what time it is.
 */

/** 100 ms at first (a restart of the server is that short), then doubling up to 5 s, for five minutes in all. */
export const patienceLimits = { firstMs: 100, longestMs: 5_000, totalMs: 5 * 60_000, quietMs: 1_000 } as const;

export type Patience =
  | {
      readonly kind: 'wait';
      readonly ms: number /** true once the silence is worth a word to the user */;
      readonly say: boolean;
    }
  | { readonly kind: 'give-up'; readonly afterMs: number };

export class Outage {
  #sinceMs: number | undefined;
  #attempts = 0;
  #said = false;

  /** An attempt failed at this time: wait, or give up. `say` is true once per outage. */
  failed(nowMs: number): Patience {
    this.#sinceMs ??= nowMs;
    const afterMs = nowMs - this.#sinceMs;
    if (afterMs >= patienceLimits.totalMs) return { kind: 'give-up', afterMs };
    const ms = Math.min(patienceLimits.firstMs * 2 ** this.#attempts, patienceLimits.longestMs);
    this.#attempts += 1;
    const say = !this.#said && afterMs + ms >= patienceLimits.quietMs;
    this.#said ||= say;
    return { kind: 'wait', ms, say };
  }

  /** The server answered again. True when the user was told of the outage, and should hear that it is over. */
  over(): boolean {
    const said = this.#said;
    this.#sinceMs = undefined;
    this.#attempts = 0;
    this.#said = false;
    return said;
  }
}
