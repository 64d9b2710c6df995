/**
 * Stopping a process group: TERM, and after the grace period KILL to whatever is left of it, wherever that went. What runs
 * as another user is reached through sudo, where sudo lets us; where it does not, the wait for it has an end.
 */
import type { Clock } from '../../base/clock.ts';
import { groupLives, hasForeignMembers, killStragglers, signalGroup, signalGroupBySudo } from './process-group.ts';

export interface StopOptions {
  readonly executionId: string;
  readonly clock: Clock;
  /** From TERM to KILL. */
  readonly graceMs: number;
  /** The command runs as another user from its beginning. */
  readonly signalsNeedSudo: boolean;
}

/** How often the group is looked at: soon at first, as most end at once; then seldom, as there may be many. */
const pollMsMin = 20;
const pollMsMax = 250;
/** After KILL. A killed process is gone in milliseconds; sudo may take a second to let us. */
const unkillableAfterMs = 4_000;

/** `cleared`: nothing of it is left. `unkilled`: something is, and will not go. */
export async function stopGroup(group: number, options: StopOptions): Promise<'cleared' | 'unkilled'> {
  const end = await untilCleared(group, options);
  await killStragglers(options.executionId, options.clock);
  return end;
}

async function untilCleared(
  group: number,
  { clock, graceMs, signalsNeedSudo }: StopOptions,
): Promise<'cleared' | 'unkilled'> {
  const killAtUs = clock.monotonicUs() + graceMs * 1000;
  const giveUpAtUs = killAtUs + unkillableAfterMs * 1000;
  let sudo: Promise<void> | undefined;
  const signal = (name: NodeJS.Signals, alsoForeign: boolean) => {
    const reached = signalGroup(group, name);
    if (reached === 'gone' || (reached === 'sent' && !alsoForeign) || process.getuid?.() === 0 || sudo) return;
    sudo = signalGroupBySudo(group, name).finally(() => {
      sudo = undefined;
    });
  };
  signal('SIGTERM', signalsNeedSudo);
  let foreign: 'not asked' | boolean = signalsNeedSudo ? true : 'not asked';
  let killAgainMs = pollMsMax;
  let killedAtUs: number | undefined;
  for (let pollMs = pollMsMin; ; pollMs = Math.min(pollMs * 1.5, pollMsMax)) {
    const leftMs = (killAtUs - clock.monotonicUs()) / 1000;
    await new Promise<void>((resolve) => clock.after(leftMs > 0 ? Math.min(pollMs, leftMs) : pollMs, resolve));
    if (!(await groupLives(group))) return 'cleared';
    const nowUs = clock.monotonicUs();
    if (foreign === 'not asked') {
      // The command may have used sudo itself. Asked once it is clear that TERM alone was not enough: it costs a look at all.
      foreign = await hasForeignMembers(group);
      if (foreign && nowUs < killAtUs) signal('SIGTERM', true);
    }
    if (nowUs >= giveUpAtUs) return 'unkilled';
    if (nowUs < killAtUs || (killedAtUs !== undefined && nowUs < killedAtUs + killAgainMs * 1000)) continue;
    if (killedAtUs !== undefined) killAgainMs *= 2;
    killedAtUs = nowUs;
    pollMs = pollMsMin;
    signal('SIGKILL', foreign || (await hasForeignMembers(group)));
  }
}
