/** How long to wait before the next try to reconnect. */

/** The first tries come quickly, because most breaks are a restart or a radio changing cells. */
const firstDelayMs = 250;
/** Never longer than this, so that a page left open overnight is live again soon after the server is. */
const lastDelayMs = 10_000;

/**
 * The wait before try `attempt` (1, 2, 3 …): 250 ms doubled each time up to 10 s, each spread by ±25 % so that a hundred
 * open pages do not come back in the same millisecond. `random` is in [0, 1).
 */
export function backoffDelayMs(attempt: number, random: number): number {
  const delay = Math.min(lastDelayMs, firstDelayMs * 2 ** Math.min(attempt - 1, 16));
  return Math.round(delay * (0.75 + random / 2));
}
