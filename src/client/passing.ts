/** Errors that another attempt may cure, and attempts that go on until one is not cured or the patience ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isFault, messageOf } from '../base/errors.ts';
import { HttpStatusError } from './http-status-error.ts';
import { Outage } from './patience.ts';

/** No connection, a broken one, a server that is starting or overloaded. */
export function isPassing(error: unknown): boolean {
  if (error instanceof HttpStatusError) return error.status >= 500 || error.status === 429;
  return isFault(error) && error.kind === 'world';
}

export interface OutageTalk {
  /** The server has been away for a second. Said once. */
  lost(reason: string): void;
  /** It is back, after `lost`. */
  found(): void;
}

/**
 * Runs the attempt until it succeeds; it calls `alive` whenever it hears from the server, and has to begin where the
 * last one stopped. Throws the attempt's error when that will not pass, or when the server stays away for too long.
 */
export async function persist<T>(talk: OutageTalk, attempt: (alive: () => void) => Promise<T>): Promise<T> {
  const outage = new Outage();
  const alive = () => {
    if (outage.over()) talk.found();
  };
  for (;;) {
    try {
      const value = await attempt(alive);
      alive();
      return value;
    } catch (error) {
      const patience = isPassing(error) ? outage.failed(Date.now()) : undefined;
      if (patience?.kind !== 'wait') throw error;
      if (patience.say) talk.lost(messageOf(error));
      await sleep(patience.ms);
    }
  }
}
