/** What main thread and database thread say to each other. One batch is under way at a time: that is the group commit. */
import type { Row, Statement } from '../sql/session.ts';

export interface WorkerOptions {
  readonly path: string;
}

export type Request =
  | { readonly kind: 'read'; readonly statement: Statement }
  | { readonly kind: 'write'; readonly unit: readonly Statement[] };

/** `rows`: of each statement; null where a `mustTouch` statement found nothing. */
export type Answer =
  | { readonly kind: 'rows'; readonly rows: readonly (readonly Row[])[] | null }
  | { readonly kind: 'error'; readonly reason: 'full' | 'unique' | 'other'; readonly message: string };

export type ToMain =
  | { readonly kind: 'ready' }
  | { readonly kind: 'unusable'; readonly message: string }
  | { readonly kind: 'answers'; readonly answers: readonly Answer[]; readonly committed: boolean };

export type ToWorker = { readonly kind: 'batch'; readonly requests: readonly Request[] } | { readonly kind: 'close' };
