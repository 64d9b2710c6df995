/**
 * Waiting for the end of an execution. The end is told by the bus, and asked for now and then, as a hint can be lost.
 */
import type { Execution } from '../core/model/execution.ts';
import { isFinal } from '../core/model/execution-status.ts';
import type { Context } from './context.ts';
import { getExecution } from './find-executions.ts';

/** How often the store is asked whether the end was missed. */
const pollMs = 2_000;

/**
 * The execution with its result when it has ended, or as it is after `waitMs`. Begun before anything is awaited, so that
 * who calls this right after the request cannot miss the end. Throws `not_found` where it is removed meanwhile.
 */
export async function awaitExecution(context: Context, execution: Execution, waitMs: number): Promise<Execution> {
  const { bus, clock } = context;
  if (isFinal(execution.status) || waitMs <= 0) return execution;
  const endUs = clock.monotonicUs() + waitMs * 1000;
  let ended: Execution | undefined;
  let wake = () => {};
  using _changes = bus.subscribe(
    'execution.changed',
    ({ execution: changed }) => {
      if (!isFinal(changed.status)) return;
      ended = changed;
      wake();
    },
    execution.id,
  );
  for (;;) {
    const leftMs = (endUs - clock.monotonicUs()) / 1000;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(Math.max(0, Math.min(leftMs, pollMs)), resolve);
      wake = () => {
        cancel();
        resolve();
      };
      if (ended) wake();
    });
    // What the bus tells of an end holds the result; what was stored by others is asked for.
    if (ended?.result) return ended;
    const current = await getExecution(context, execution.id, 'whole');
    if (isFinal(current.status) || clock.monotonicUs() >= endUs) return current;
  }
}
