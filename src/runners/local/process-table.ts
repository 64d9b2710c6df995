/**
 * What runs on this machine, as /proc tells (Linux; elsewhere nothing is known). Reading all of it takes some ten
 * microseconds per process, so one look serves all who ask at about the same time, and it is done in slices: stopping many
 * executions at once must not hold up the event loop.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { systemCode } from '../../base/errors.ts';

export interface ProcessEntry {
  readonly pid: number;
  readonly group: number;
  /** Dead, and only waits to be reaped by its parent. */
  readonly isZombie: boolean;
  /** Since the system was started. */
  readonly startedAfterMs: number;
  /** The same, as /proc has it. */
  readonly startTicks: number;
}

/** Some hundred microseconds of reading. */
const sliceSize = 24;
/** By it a process of an execution is known wherever it went. */
export const executionVariable = 'ST2_ACTION_EXECUTION_ID';
const markerName = `${executionVariable}=`;
/** Linux shows times in /proc in hundredths of a second, whatever the kernel counts in. */
const tickMs = 10;

interface Look {
  readonly groups: Map<number, ProcessEntry[]>;
  readonly executions: Map<string, ProcessEntry[]>;
  /** Whether all could be seen. */
  readonly done: Promise<boolean>;
}

/** Gathers questions until the look before it is over. */
let next: Look | undefined;
let last: Promise<unknown> = Promise.resolve();

/** Living processes of a group; undefined where this system does not tell, or has no descriptor for a look at them. */
export async function groupMembers(group: number): Promise<readonly ProcessEntry[] | undefined> {
  if (!hasProcessTable()) return undefined;
  const { groups, done } = gather();
  const found = groups.get(group) ?? [];
  groups.set(group, found);
  return (await done) ? found : undefined;
}

/**
 * Living processes that carry the execution's id in their environment, wherever they moved, as far as we may see that;
 * undefined where there is no descriptor for a look at them.
 */
export async function executionMembers(executionId: string): Promise<readonly ProcessEntry[] | undefined> {
  if (!hasProcessTable()) return [];
  const { executions, done } = gather();
  const found = executions.get(executionId) ?? [];
  executions.set(executionId, found);
  return (await done) ? found : undefined;
}

/** One process; undefined where there is none, or this system does not tell. */
export function processEntry(pid: number): ProcessEntry | undefined {
  try {
    return knownProcess(pid);
  } catch {
    return undefined; // it does not tell now
  }
}

/** One process; undefined where there is none. Throws where the system refuses a look, as for want of a descriptor. */
export function knownProcess(pid: number): ProcessEntry | undefined {
  const stat = unlessGone(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  if (stat === undefined) return undefined;
  // Fields after the command, which is in parentheses and may hold any text: state, parent, group, … (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    pid,
    group: Number(fields[2]),
    isZombie: fields[0] === 'Z' || fields[0] === 'X',
    startedAfterMs: Number(fields[19]) * tickMs,
    startTicks: Number(fields[19]),
  };
}

/** The execution that a process belongs to by its environment; undefined for others' processes too, which hide theirs. */
export function executionOf(pid: number): string | undefined {
  try {
    return knownExecution(pid);
  } catch {
    return undefined; // it does not tell now
  }
}

/** The same. Throws where the system refuses a look, as for want of a descriptor. */
function knownExecution(pid: number): string | undefined {
  const environment = unlessGone(() => readFileSync(`/proc/${pid}/environ`));
  if (environment === undefined) return undefined;
  for (let at = environment.indexOf(markerName); at !== -1; at = environment.indexOf(markerName, at + 1)) {
    if (at > 0 && environment[at - 1] !== 0) continue; // within another variable
    const end = environment.indexOf(0, at);
    return environment.toString('latin1', at + markerName.length, end === -1 ? undefined : end);
  }
  return undefined;
}

export function allPids(): readonly number[] {
  try {
    return knownPids();
  } catch {
    return []; // no /proc on this system
  }
}

function knownPids(): readonly number[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
}

/** What ended meanwhile, or is another user's, is not there for us. */
function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}

let isThere: boolean | undefined;
export function hasProcessTable(): boolean {
  isThere ??= existsSync('/proc/self/stat');
  return isThere;
}

function gather(): Look {
  if (next) return next;
  const groups: Look['groups'] = new Map();
  const executions: Look['executions'] = new Map();
  const done = last.then(async () => {
    await nextSlice();
    // From here on it is under way: who asks now has to wait for the next one.
    next = undefined;
    return look(groups, executions).then(
      () => true,
      () => false, // refused: what was not seen may be there all the same
    );
  });
  last = done;
  next = { groups, executions, done };
  return next;
}

async function look(groups: Look['groups'], executions: Look['executions']): Promise<void> {
  let count = 0;
  for (const pid of knownPids()) {
    if (++count % sliceSize === 0) await nextSlice();
    const entry = knownProcess(pid);
    if (!entry || entry.isZombie || pid === process.pid) continue;
    groups.get(entry.group)?.push(entry);
    if (executions.size === 0) continue;
    const executionId = knownExecution(pid);
    if (executionId !== undefined) executions.get(executionId)?.push(entry);
  }
}

function nextSlice(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
