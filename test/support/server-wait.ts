/** Waiting in tests: for a condition, with a limit, never for a time. */

/** How often a condition is looked at: well below what a test measures, well above what a look costs. */
const lookMs = 15;

/** Asks until there is an answer (not undefined, not false). Throws, naming what was waited for, when the time is over. */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  withinMs = 10_000,
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>; // just checked
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

/** A promise that has to settle in time. */
export async function within<T>(what: string, withinMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${withinMs} ms in vain for: ${what}`)), withinMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs `work` for every item, at most `limit` at a time. The first failure ends it. */
export async function forEachConcurrently<T>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) await work(items[index] as T, index); // index is in range
  };
  await Promise.all(Array.from({ length: limit }, worker));
}

/** Numbers from 0 to 1 that a printed seed brings back (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
