/**
 * Credentials that were found good a moment ago, per context. Apart from authenticate.ts so that what changes
 * credentials can make them forgotten without knowing how they are checked.
 */
import { createHash } from 'node:crypto';
import type { Context, Requester } from './context.ts';

export interface Identity {
  readonly requester: Requester;
  /** When the token stops working; absent for API keys and for tokens of executions. */
  readonly tokenExpiryUs?: number;
}

/** How long a key disabled by another process may still work. */
const keptUs = 1_000_000;
/** Different credentials within one such moment; beyond that, the store is asked. */
const entriesMax = 1_000;

class RememberedCredentials {
  /** By hash, so that no credential lies in memory in clear. */
  readonly #entries = new Map<string, { readonly identity: Identity; readonly untilUs: number }>();
  /** Counts changes: a check that began before one must not be kept after it. */
  generation = 0;

  find(cacheKey: string, nowUs: number): Identity | undefined {
    const entry = this.#entries.get(digest(cacheKey));
    return entry && nowUs < entry.untilUs && nowUs >= entry.untilUs - keptUs ? entry.identity : undefined;
  }

  keep(cacheKey: string, identity: Identity, at: { nowUs: number; generation: number }): void {
    if (at.generation !== this.generation) return;
    if (this.#entries.size >= entriesMax) this.#entries.clear();
    const untilUs = Math.min(at.nowUs + keptUs, identity.tokenExpiryUs ?? Number.POSITIVE_INFINITY);
    this.#entries.set(digest(cacheKey), { identity, untilUs });
  }

  forget(): void {
    this.generation += 1;
    this.#entries.clear();
  }
}

const byContext = new WeakMap<Context, RememberedCredentials>();

export function rememberedCredentials(context: Context): RememberedCredentials {
  let remembered = byContext.get(context);
  if (!remembered) {
    remembered = new RememberedCredentials();
    byContext.set(context, remembered);
  }
  return remembered;
}

/** To be called after every change of a credential. */
export function forgetCredentials(context: Context): void {
  byContext.get(context)?.forget();
}

function digest(cacheKey: string): string {
  return createHash('sha256').update(cacheKey).digest('base64');
}
