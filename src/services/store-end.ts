/** Storing how an execution ended: tried until the store takes it, because the end must not be lost. */
import { isFault, messageOf } from '../base/errors.ts';
import type { Execution, ExecutionResult } from '../core/model/execution.ts';
import type { Context } from '../operations/context.ts';
import type { Finish } from '../store/execution-store.ts';

/** Between tries while the store refuses. */
const retryMs = [100, 500, 1_000, 5_000] as const;
/** Refusals, other than for want of room, after which the result itself is taken to be the reason. */
const unboundedTries = 5;

export interface EndWish extends Pick<Finish, 'to' | 'from' | 'attempt' | 'result' | 'output' | 'reason'> {
  /** When it was requested. It does not end before that, also where the clock was set back meanwhile. */
  readonly startUs: number;
  /** Now where it is not said. */
  readonly endUs?: number;
  readonly onStorageFull: () => void;
  /** True: nobody waits for it any more. It then fails with what the store said. */
  readonly isGivenUp: () => boolean;
}

/** Undefined where the execution is no longer ours to finish. */
export async function storeEnd(context: Context, id: string, wish: EndWish): Promise<Execution | undefined> {
  const { clock, log, store } = context;
  const { startUs, endUs, onStorageFull, isGivenUp, ...finish } = wish;
  for (let attempt = 0; ; attempt++) {
    const nowUs = clock.nowUs();
    try {
      const ended = Math.max(startUs, Math.min(endUs ?? nowUs, nowUs));
      return await store.executions.finish(id, { ...finish, atUs: nowUs, endUs: ended });
    } catch (error) {
      if (isFault(error, 'storage_full')) onStorageFull();
      else if (attempt === unboundedTries) return storeEnd(context, id, { ...wish, result: unstorable(error) });
      const waitMs = retryMs[Math.min(attempt, retryMs.length - 1)] ?? 5_000;
      log.error(
        { execution: id, status: wish.to, error: messageOf(error), ms: waitMs },
        'the end of an execution cannot be stored; trying again',
      );
      if (isGivenUp()) throw error;
      await new Promise<void>((resolve) => clock.after(waitMs, resolve));
    }
  }
}

/** What stands for a result that the store refuses again and again: the execution must end all the same. */
function unstorable(error: unknown): ExecutionResult {
  return { error: `the result could not be stored: ${messageOf(error)}` };
}
