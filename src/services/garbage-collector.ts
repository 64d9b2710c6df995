/** Retention: expired tokens, output older than its time, executions older than theirs. Counted by the end, never while running. */
import { messageOf } from '../base/errors.ts';
import { isFinal } from '../core/model/execution-status.ts';
import type { Context } from '../operations/context.ts';
import { publishChange } from '../operations/execution-changes.ts';
import type { Service } from './service.ts';

export interface Retention {
  readonly intervalS: number;
  /** 0: kept for ever. */
  readonly outputTtlDays: number;
  readonly executionTtlDays: number;
}

const dayUs = 24 * 3600 * 1_000_000;
/** Removed in one transaction, so that nobody waits long for the database. */
const batch = 500;
/** The first round, after the start has settled. */
const firstMs = 3_000;

export class GarbageCollector implements Service {
  readonly name = 'garbagecollector';
  readonly #context: Context;
  readonly #retention: Retention;
  #cancel: () => void = () => {};
  #round: Promise<void> = Promise.resolve();
  #isStopping = false;

  constructor(context: Context, retention: Retention) {
    this.#context = context;
    this.#retention = retention;
  }

  async start(): Promise<void> {
    this.#schedule(firstMs);
  }

  async drain(): Promise<void> {
    this.#isStopping = true;
    this.#cancel();
    await this.#round;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.drain();
  }

  /** One round, now. */
  async collect(): Promise<void> {
    const { store, clock } = this.#context;
    await store.access.removeExpiredTokens(clock.nowUs());
    const { outputTtlDays, executionTtlDays } = this.#retention;
    if (executionTtlDays > 0) await this.#removeExecutions(clock.nowUs() - executionTtlDays * dayUs);
    if (outputTtlDays > 0) await this.#removeOutput(clock.nowUs() - outputTtlDays * dayUs);
  }

  #schedule(afterMs: number): void {
    this.#cancel = this.#context.clock.after(afterMs, () => {
      this.#round = this.collect()
        .catch((error) =>
          this.#context.log.error(
            { error: messageOf(error) },
            'old records could not be removed; trying again at the next round',
          ),
        )
        .finally(() => {
          if (!this.#isStopping) this.#schedule(this.#retention.intervalS * 1000);
        });
    });
  }

  async #removeExecutions(beforeUs: number): Promise<void> {
    while (!this.#isStopping) {
      const removed = await this.#context.store.executions.removeEnded(beforeUs, batch);
      for (const execution of removed) {
        await this.#context.output.remove(execution.id);
        publishChange(this.#context, 'delete', execution);
      }
      if (removed.length < batch) return;
    }
  }

  async #removeOutput(beforeUs: number): Promise<void> {
    for await (const id of this.#context.output.ids(beforeUs)) {
      if (this.#isStopping) return;
      const execution = await this.#context.store.executions.find(id);
      const isOver = !execution || (isFinal(execution.status) && (execution.end_us ?? 0) < beforeUs);
      if (isOver) await this.#context.output.remove(id);
    }
  }
}
