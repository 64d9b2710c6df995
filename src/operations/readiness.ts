/** Whether this server can take work now, and why not: for load balancers, supervisors and whoever upgrades it. */
import { messageOf } from '../base/errors.ts';
import type { Context } from './context.ts';

export interface ReadinessFacts {
  /** Why the action runner takes no work; undefined while it does. */
  readonly idleReason: 'not started' | 'stopping' | undefined;
  readonly isDiskFull: boolean;
}

/** Who asks usually waits a second or two. */
const storeAnswersMs = 1_000;

export async function readinessProblems(context: Context, facts: ReadinessFacts): Promise<readonly string[]> {
  const store = await storeProblem(context);
  return [
    ...(store === undefined ? [] : [store]),
    ...(facts.isDiskFull ? ['the disk that holds the home is full'] : []),
    ...(facts.idleReason === 'stopping' ? ['the server is stopping: it takes no new executions'] : []),
    ...(facts.idleReason === 'not started' ? ['the action runner has not started yet'] : []),
  ];
}

/** The error's own text is for the log: it names files. */
async function storeProblem({ store, clock, log }: Context): Promise<string | undefined> {
  let cancel = () => {};
  const late = new Promise<string>((resolve) => {
    cancel = clock.after(storeAnswersMs, () => resolve(`the store has not answered for ${storeAnswersMs} ms`));
  });
  const asked = store.access.readSetting('readiness').then(
    () => undefined,
    (error: unknown) => {
      log.warn({ error: messageOf(error) }, 'not ready: the store refuses');
      return 'the store refuses to be read';
    },
  );
  try {
    return await Promise.race([asked, late]);
  } finally {
    cancel();
  }
}
