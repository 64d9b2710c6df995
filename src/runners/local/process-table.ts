/**
 * What runs on this machine, as /proc tells (Linux; elsewhere nothing is known). Reading all of it takes some ten
 * microseconds per process, so one look serves all who ask at about the same time, and it is done in slices: stopping many
 * executions at once must not hold up the event loop.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

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
  readonly done: Promise<void>;
}

/** Gathers questions until the look before it is over. */
let next: Look | undefined;
let last: Promise<void> = Promise.resolve();

/** Living processes of a group; undefined where this system does not tell. */
export async function groupMembers(group: number): Promise<readonly ProcessEntry[] | undefined> {
  if (!hasProcessTable()) return undefined;
  const { groups, done } = gather();
  const found = groups.get(group) ?? [];
  groups.set(group, found);
  await done;
  return found;
}

/** Living processes that carry the execution's id in their environment, wherever they moved, as far as we may see that. */
export async function executionMembers(executionId: string): Promise<readonly ProcessEntry[]> {
  if (!hasProcessTable()) return [];
  const { executions, done } = gather();
  const found = executions.get(executionId) ?? [];
  executions.set(executionId, found);
  await done;
  return found;
}

/** One process; undefined where there is none, or this system does not tell. */
export function processEntry(pid: number): ProcessEntry | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // gone meanwhile
  }
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
  let environment: Buffer;
  try {
    environment = readFileSync(`/proc/${pid}/environ`);
  } catch {
    return undefined; // gone meanwhile, or another user's
  }
  for (let at = environment.indexOf(markerName); at !== -1; at = environment.indexOf(markerName, at + 1)) {
    if (at > 0 && environment[at - 1] !== 0) continue; // within another variable
    const end = environment.indexOf(0, at);
    return environment.toString('latin1', at + markerName.length, end === -1 ? undefined : end);
  }
  return undefined;
}

export function allPids(): readonly number[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return []; // no /proc on this system
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
    await look(groups, executions);
  });
  last = done;
  next = { groups, executions, done };
  return next;
}

async function look(groups: Look['groups'], executions: Look['executions']): Promise<void> {
  let count = 0;
  for (const pid of allPids()) {
    if (++count % sliceSize === 0) await nextSlice();
    const entry = processEntry(pid);
    if (!entry || entry.isZombie || pid === process.pid) continue;
    groups.get(entry.group)?.push(entry);
    if (executions.size === 0) continue;
    const executionId = executionOf(pid);
    if (executionId !== undefined) executions.get(executionId)?.push(entry);
  }
}

function nextSlice(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
