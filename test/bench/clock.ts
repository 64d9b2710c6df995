/**
 * The clock of all latencies: CLOCK_MONOTONIC, which every process of one machine shares. The wall clock is not used,
 * because it is corrected while we measure and has milliseconds only.
 */
import { setTimeout as wait } from 'node:timers/promises';

export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

export function secondsSince(startUs: number): number {
  return (nowUs() - startUs) / 1_000_000;
}

export async function sleep(ms: number): Promise<void> {
  await wait(ms);
}

/** Rejects where `work` takes longer than `ms`: no benchmark hangs. `what` names it in the message. */
export async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  const giveUp = new AbortController();
  try {
    return await Promise.race([
      work,
      wait(ms, undefined, { signal: giveUp.signal }).then(() => {
        throw new Error(`${what} took longer than ${ms / 1000} s`);
      }),
    ]);
  } finally {
    giveUp.abort();
  }
}
