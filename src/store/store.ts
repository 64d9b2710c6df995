/**
 * The store: the one truth. Every piece of work is a committed row here before anybody is told of it. The port speaks
 * the product's verbs and is split by noun; every adapter passes `store.contract.ts`.
 *
 * What every method promises: a write is durable when its promise resolves; a failed write left nothing behind;
 * errors are Faults (`storage_full`, `store_failed`, `conflict`).
 */
import type { AccessStore } from './access-store.ts';
import type { ContentStore } from './content-store.ts';
import type { ExecutionStore } from './execution-store.ts';

export interface Store extends AsyncDisposable {
  readonly executions: ExecutionStore;
  readonly content: ContentStore;
  readonly access: AccessStore;
  /** Numbers for `/metrics` and status: commits made and units of work in them since the store was opened. */
  counters(): { readonly commits: number; readonly units: number };
}
