/** What was acknowledged, what may have disturbed it, and what has to be true of it in the end. */
import type { Order } from './workload.ts';

export interface Entry {
  readonly id: string;
  readonly order: Order;
  readonly askedMs: number;
  /** When its end was seen. */
  endedMs?: number;
  cancelAskedMs?: number;
  /** As it was stored in the end. */
  status?: string;
  /** What a follower was told, type by type, once it had the end. */
  followed?: { readonly stdout: string; readonly records: number };
}

export type DisturbanceKind = 'server' | 'launcher' | 'python' | 'sshd';

export interface Violation {
  readonly id: string;
  readonly what: string;
}

interface Final {
  readonly id: string;
  readonly status: string;
  readonly log?: readonly { readonly status: string; readonly reason?: string }[];
  readonly result?: Readonly<Record<string, unknown>>;
  readonly output?: { readonly records: number; readonly lost_bytes?: number };
}

const finalStatuses = ['succeeded', 'failed', 'timeout', 'canceled', 'abandoned'];

export class Ledger {
  readonly entries = new Map<string, Entry>();
  readonly disturbances: { readonly kind: DisturbanceKind; readonly atMs: number }[] = [];
  readonly byStatus = new Map<string, number>();

  acknowledged(id: string, order: Order): Entry {
    if (this.entries.has(id)) throw new Error(`the server acknowledged ${id} twice`);
    const entry: Entry = { id, order, askedMs: performance.now() };
    this.entries.set(id, entry);
    return entry;
  }

  get open(): number {
    let open = 0;
    for (const entry of this.entries.values()) if (entry.endedMs === undefined) open += 1;
    return open;
  }

  /** Whether something of this kind happened while it could have felt it. */
  #wasDisturbed({ askedMs, endedMs = Number.POSITIVE_INFINITY }: Entry, kinds: readonly DisturbanceKind[]): boolean {
    return this.disturbances.some(({ kind, atMs }) => kinds.includes(kind) && atMs >= askedMs && atMs <= endedMs);
  }

  /** What is wrong with how it ended. */
  check(entry: Entry, final: Final): readonly string[] {
    const { order } = entry;
    const { status } = final;
    entry.status = status;
    this.byStatus.set(`${order.kind} ${status}`, (this.byStatus.get(`${order.kind} ${status}`) ?? 0) + 1);
    const wrong: string[] = [];
    const ends = (final.log ?? []).filter((step) => finalStatuses.includes(step.status));
    if (ends.length !== 1 || ends[0]?.status !== status)
      wrong.push(
        `its log ends ${ends.length} times (${ends.map((end) => end.status).join()}), its status is ${status}`,
      );
    const allowed = this.#allowed(entry);
    if (!allowed.includes(status))
      wrong.push(`ended ${status}, expected ${allowed.join(' or ')}: ${JSON.stringify(final.result).slice(0, 400)}`);
    if (status === 'abandoned' && final.result?.error === undefined && ends[0]?.reason === undefined)
      wrong.push('was abandoned without a reason');
    if ((final.output?.lost_bytes ?? 0) !== 0) wrong.push(`lost output: ${final.output?.lost_bytes} bytes`);
    return wrong;
  }

  /** By what was asked for, and by what was done to it. */
  #allowed(entry: Entry): readonly string[] {
    const { order } = entry;
    const allowed: string[] = [order.status];
    if (entry.cancelAskedMs !== undefined) allowed.push('canceled');
    // What killed a process from outside: it failed, and says so.
    if (this.#wasDisturbed(entry, ['launcher'])) allowed.push('failed');
    if (order.kind === 'python-script' && this.#wasDisturbed(entry, ['python'])) allowed.push('failed');
    if (order.isRemote && this.#wasDisturbed(entry, ['sshd'])) allowed.push('failed', 'abandoned');
    if (order.isRemote && this.#wasDisturbed(entry, ['server'])) allowed.push('abandoned', 'failed');
    return [...new Set(allowed)];
  }

  /** Its stdout is known: it ended as it was to, by itself. */
  isWhole(entry: Entry, status: string): boolean {
    if (status !== entry.order.status || status === 'timeout') return false;
    return status === 'succeeded' || !this.#wasDisturbed(entry, ['launcher', 'python', 'sshd', 'server']);
  }
}
