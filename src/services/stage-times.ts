/** What one run tells the metrics: how long its stages took, how it ended, and what it printed. */
import type { Execution, OutputSummary } from '../core/model/execution.ts';
import type { Context } from '../operations/context.ts';
import { countEnd } from '../operations/execution-changes.ts';

export class StageTimes {
  readonly #context: Context;
  readonly #runner: string;
  readonly #claimedUs: number;
  #startedUs: number | undefined;
  #endedUs: number | undefined;
  #counted = { bytes: 0, records: 0 };

  constructor(context: Context, runner: string) {
    this.#context = context;
    this.#runner = runner;
    this.#claimedUs = context.clock.monotonicUs();
  }

  /** The process runs, or the connection was handed the work. Not called for what an earlier server started. */
  started(): void {
    this.#startedUs = this.#context.clock.monotonicUs();
    this.#context.metrics.startSeconds.of(this.#runner).observe((this.#startedUs - this.#claimedUs) / 1e6);
  }

  ended(): void {
    this.#endedUs = this.#context.clock.monotonicUs();
    if (this.#startedUs === undefined) return;
    this.#context.metrics.runSeconds.of(this.#runner).observe((this.#endedUs - this.#startedUs) / 1e6);
  }

  /** The final status is in the store. */
  stored(execution: Execution): void {
    const { clock, metrics } = this.#context;
    countEnd(this.#context, execution);
    if (execution.output && execution.output.lost_bytes !== 0) metrics.outputLost.of().add();
    if (this.#endedUs !== undefined) metrics.finishSeconds.of().observe((clock.monotonicUs() - this.#endedUs) / 1e6);
  }

  /** Adds what was printed since it was last called. `before`: what was there when this process took over. */
  printed(now: Pick<OutputSummary, 'bytes' | 'records'>, before: Pick<OutputSummary, 'bytes' | 'records'>): void {
    const { outputBytes, outputRecords } = this.#context.metrics;
    const bytes = now.bytes - before.bytes;
    const records = now.records - before.records;
    outputBytes.of().add(bytes - this.#counted.bytes);
    outputRecords.of().add(records - this.#counted.records);
    this.#counted = { bytes, records };
  }
}
