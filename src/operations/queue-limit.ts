/**
 * The bound on executions that wait for their turn: a loop that requests without end is refused before it fills the disk.
 * Counted in the store now and then, and from there on by what this process adds: exact enough for a bound.
 */
import { Fault } from '../base/errors.ts';
import type { Context } from './context.ts';

interface Count {
  waiting: number;
  readUs: number;
  reading: Promise<void> | undefined;
}

/** A count older than this is read again. */
const staleUs = 1_000_000;
const counts = new WeakMap<Context, Count>();

/** Throws `busy` where the queue is full. Counts the caller in. */
export async function takePlaceInQueue(context: Context): Promise<void> {
  const count = counts.get(context) ?? { waiting: 0, readUs: Number.NEGATIVE_INFINITY, reading: undefined };
  counts.set(context, count);
  if (context.clock.monotonicUs() - count.readUs > staleUs) {
    count.reading ??= read(context, count).finally(() => {
      count.reading = undefined;
    });
    await count.reading;
  }
  const { queueMax } = context.settings;
  if (count.waiting >= queueMax) {
    context.metrics.refused.of().add();
    throw new Fault(
      'busy',
      `${queueMax} executions are waiting already; try again when some have run, or raise queue_max in [stormtail]`,
    );
  }
  count.waiting += 1;
}

async function read(context: Context, count: Count): Promise<void> {
  const { requested = 0, delayed = 0 } = await context.store.executions.countByStatus();
  count.waiting = requested + delayed;
  count.readUs = context.clock.monotonicUs();
}
