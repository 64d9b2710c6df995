/** Finding the process of an execution that an earlier server started, or perhaps did not get to start. */
import { statSync } from 'node:fs';
import { uptime } from 'node:os';
import type { Clock } from '../../base/clock.ts';
import type { Adopted, ProcessOptions, ProcessPlan } from '../process.ts';
import { groupExists, killStragglers, send, signalGroup, signalGroupBySudo } from './process-group.ts';
import { Handle, type ProcessIds } from './process-handle.ts';
import { executionOf, allPids, processEntry, type ProcessEntry } from './process-table.ts';
import {
  findLeader,
  groupLedBy,
  leaderAlive,
  type ProcessStatus,
  readProcessStatus,
  startState,
  statusPath,
  unlessRefused,
} from './process-status.ts';
import { claimLate, type ProcessFacts, readFacts, withdrawOrder } from './start-files.ts';

/** How often a process that is not our child is looked at. */
const adoptedPollMs = 100;

/** Ended already when its exit status is there. What it is taken over with was written down at its start, see `Processes`. */
export function adoptProcess(options: ProcessOptions): Adopted;
export function adoptProcess(plan: ProcessPlan | undefined, options: ProcessOptions): Adopted;
export function adoptProcess(
  ...given: readonly [ProcessOptions] | readonly [ProcessPlan | undefined, ProcessOptions]
): Adopted {
  return given.length === 1 ? adopt(given[0], undefined) : adopt(given[1], given[0]);
}

function adopt(options: ProcessOptions, plan: ProcessPlan | undefined): Adopted {
  const { directory, clock } = options;
  // Before looking: what was not started by now never will be.
  withdrawOrder(directory);
  if (claimLate(directory)) return 'never started';
  const facts = readFacts(directory, plan);
  const found = readProcessStatus(directory);
  if (found.exitCode !== undefined) return adopted(found, Promise.resolve(found.exitCode), facts, options);
  // Without a pid it found no room to write it, or it was so slow that it finds the order withdrawn and says so.
  const leader = found.pid ?? findLeader(directory);
  if (leader === undefined || !leaderAlive(leader, directory)) {
    // It may have ended between the two looks.
    const now = readProcessStatus(directory);
    if (now.exitCode !== undefined) return adopted(now, Promise.resolve(now.exitCode), facts, options);
    if (startState(directory) === 'late') return 'never started';
    killLeftBehind(found.terminalGroup ?? found.group, facts, options);
    return 'gone';
  }
  return adopted({ ...found, pid: leader }, untilGone(leader, directory, clock), facts, options);
}

function adopted(
  { pid: leader = 0, group = groupLedBy(leader) ?? leader }: ProcessStatus,
  exited: Promise<number | undefined>,
  facts: ProcessFacts,
  options: ProcessOptions,
): Handle {
  const ids: ProcessIds = { leader, group };
  return new Handle(ids, exited, facts, options, 'adopted');
}

/** Resolves when a leader is gone that nobody tells us about. The status file knows the exit status. */
export function untilGone(leader: number, directory: string, clock: Clock): Promise<undefined> {
  return new Promise((resolve) => {
    const look = () => {
      if (unlessRefused(() => leaderAlive(leader, directory)) === false) resolve(undefined);
      else clock.after(adoptedPollMs, look);
    };
    look();
  });
}

/**
 * The leader is gone without a word: what it led has nobody to report to, and nobody who would stop it in time. All that
 * time, the group's id may have become another's: it counts only where a member is known to be the execution's.
 */
function killLeftBehind(group: number | undefined, facts: ProcessFacts, options: ProcessOptions): void {
  const { executionId, directory, clock } = options;
  const own = carriersNow(clock).get(executionId) ?? [];
  for (const { pid } of own) send(pid, 'SIGKILL');
  if (group === undefined || !groupExists(group)) return;
  const isOurs =
    own.some((entry) => entry.group === group) || (facts.signalsNeedSudo && startedWith(group, directory, clock));
  if (isOurs && signalGroup(group, 'SIGKILL') === 'refused') void signalGroupBySudo(group, 'SIGKILL');
  // What forked in between.
  void killStragglers(executionId, clock);
}

/** Whether the first process of a group, whose environment we may not see, started when the status file says one did. */
function startedWith(group: number, directory: string, clock: Clock): boolean {
  const entry = processEntry(group);
  if (!entry) return false;
  const startedMs = clock.nowUs() / 1000 - uptime() * 1000 + entry.startedAfterMs;
  return Math.abs(startedMs - statSync(statusPath(directory)).mtimeMs) < sameMomentMs;
}
/** Both times are kept in hundredths of a second, and the boot time they count from is rounded to one. */
const sameMomentMs = 2_000;

/** After a restart of the machine, many executions are gone at once: one look serves them all. */
const carriersValidUs = 200_000;
let carriers: { readonly atUs: number; readonly byExecution: ReadonlyMap<string, readonly ProcessEntry[]> } | undefined;

function carriersNow(clock: Clock): ReadonlyMap<string, readonly ProcessEntry[]> {
  const nowUs = clock.monotonicUs();
  if (carriers && Math.abs(nowUs - carriers.atUs) < carriersValidUs) return carriers.byExecution;
  const byExecution = new Map<string, ProcessEntry[]>();
  for (const pid of allPids()) {
    const executionId = pid === process.pid ? undefined : executionOf(pid);
    const entry = executionId === undefined ? undefined : processEntry(pid);
    if (executionId !== undefined && entry)
      byExecution.set(executionId, [...(byExecution.get(executionId) ?? []), entry]);
  }
  carriers = { atUs: nowUs, byExecution };
  return byExecution;
}
