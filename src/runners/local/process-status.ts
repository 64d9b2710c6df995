/**
 * The file `status` of an execution's directory: written by the shell that leads an execution (the leader), read by the
 * server that started it or a later one. Whoever makes the file has the execution. Its lines:
 *
 *     pid <n>      the leader
 *     plan <json>  what it was started with, as far as a later server has to know (`start-files.ts`)
 *     group <n>    the process group of the command, which is its pid where the leader is a bash
 *     terminal <n> the process group of the command in its terminal; `group` is that of what keeps the terminal for it
 *     since <t> …  when the leader was started, where it is the command itself: a forked Python action has no shell that
 *                  leads it. Its exit status is written by the fork server or, where that is gone, by itself
 *     …            whatever the leader itself had to say, among it that the command died of a signal
 *     quiet        the leader is an older bash, that does not say so of SIGINT, SIGPIPE and SIGTERM
 *     signal <S>   the command died of this signal, as the fork server tells
 *     by sh        the leader is a plain POSIX shell, that says nothing of signals
 *     by terminal  nor does what keeps a terminal
 *     exit <n>     at the end
 *
 * or only `late`: the leader was so slow that the start had been given up, and did nothing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../base/errors.ts';
import { allPids, hasProcessTable, knownProcess } from './process-table.ts';
import { signalBehind, signalOfExitCode } from './signals.ts';

export interface ProcessStatus {
  /** Of the leader. */
  readonly pid?: number;
  readonly group?: number;
  readonly terminalGroup?: number;
  readonly exitCode?: number;
  /** Signal that ended the command, as far as the shell told. */
  readonly signal?: string;
  /** When the exit status was written, microseconds since 1970. */
  readonly writtenUs?: number;
}

export function statusPath(directory: string): string {
  return join(directory, 'status');
}

export function readProcessStatus(directory: string): ProcessStatus {
  const path = statusPath(directory);
  const text = readIfThere(path) ?? '';
  const pid = /^pid (\d+)$/m.exec(text)?.[1];
  if (pid === undefined) return {};
  const group = /^group (\d+)$/m.exec(text)?.[1];
  const inside = /^terminal (\d+)$/m.exec(text)?.[1];
  const started = {
    pid: Number(pid),
    ...(group !== undefined && { group: Number(group) }),
    ...(inside !== undefined && { terminalGroup: Number(inside) }),
  };
  // The last line only: what a bash says of a killed command may quote the command, which may hold any text.
  const exit = /\nexit (\d+)\n$/.exec(text)?.[1];
  if (exit === undefined) return started;
  const signal = signalTold(Number(exit), text);
  return {
    ...started,
    exitCode: Number(exit),
    ...(signal !== undefined && { signal }),
    writtenUs: Math.round(statSync(path).mtimeMs * 1000),
  };
}

/**
 * Bash says `<script>: line <n>: <pid> Killed …` or `[1]+  Terminated …` when its command died of a signal; an exit status
 * of 128 + n alone is the program's own choice. Where the shell keeps quiet, the convention has to do: of the plain shell
 * for all signals, of an older bash for SIGTERM. (A program that catches SIGINT or SIGPIPE often exits with 130 or 141.)
 */
function signalTold(exitCode: number, text: string): string | undefined {
  const named = /^signal (SIG\w+)$/m.exec(text)?.[1];
  if (named !== undefined) return named;
  if (/^by (sh|terminal)$/m.test(text)) return signalOfExitCode(exitCode);
  if (/: line \d+: +\d+ \S|^\[\d+\][+-]? +(?!Exit|Done|Stopped|Running)\S/m.test(text)) return signalBehind(exitCode);
  const told = signalOfExitCode(exitCode);
  return told === 'SIGTERM' && /^quiet$/m.test(text) ? told : undefined;
}

/**
 * How far a start came. `claimed`: a leader has it, and did not write its pid yet, or found no room on the disk to do so.
 * `late`: it was given up, and will never happen.
 */
export function startState(directory: string): 'none' | 'claimed' | 'late' | 'started' {
  // Asked before every start, when it is not there: an error that is thrown would cost more than all the rest.
  const text = existsSync(statusPath(directory)) ? readIfThere(statusPath(directory)) : undefined;
  if (text === undefined) return 'none';
  if (text === 'late\n') return 'late';
  return /^pid \d+$/m.test(text) ? 'started' : 'claimed';
}

/**
 * What a look at these files finds; undefined where the system refuses it, as for want of a descriptor. That says nothing
 * of the execution, and who looks by a timer must neither take it for an end nor fail of it: the next look may do better.
 */
export function unlessRefused<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return undefined;
    throw error;
  }
}

/**
 * Whether `pid` is still the process that leads the execution: pids are used again, but only that one was started at the
 * time that it wrote down, or, if it is a shell, has the status file as its standard error. Throws where the system does
 * not let us see it.
 */
export function leaderAlive(pid: number, directory: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false;
  }
  if (hasProcessTable()) {
    // First what needs no descriptor, and is so of most.
    if (holdsStatus(pid, directory)) return true;
    const since = /^since (.+)$/m.exec(readIfThere(statusPath(directory)) ?? '')?.[1];
    return since !== undefined && isFrom(pid, since);
  }
  // Without /proc: the name of the program has to do.
  return /\b((ba)?sh|stormtail_forkserver\.py)\b/.test(
    spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8', timeout: 5_000 }).stdout ?? '',
  );
}

/** The leader of an execution whose pid is not written down; undefined where it is gone, or /proc does not tell. */
export function findLeader(directory: string): number | undefined {
  return allPids().find((pid) => holdsStatus(pid, directory));
}

/** The process group of the command where that is not written down: of the leader's only child, if it has one. */
export function groupLedBy(pid: number): number | undefined {
  const children = existsSync(`/proc/${pid}`) ? readIfThere(`/proc/${pid}/task/${pid}/children`) : undefined;
  const [child] = (children ?? '').split(' ').filter(Boolean);
  return child === undefined ? undefined : Number(child);
}

/** Since when and since which start of the system, as `python/stormtail_sdk/forked_action.py` writes it. */
function isFrom(pid: number, since: string): boolean {
  const entry = knownProcess(pid);
  if (!entry || entry.isZombie) return false;
  bootId ??= readIfThere('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
  return since.trim() === `${entry.startTicks} ${bootId}`.trim();
}
let bootId: string | undefined;

function holdsStatus(pid: number, directory: string): boolean {
  try {
    // The file, not its path: the home may be reached through a link.
    const [held, ours] = [statSync(`/proc/${pid}/fd/2`), statSync(statusPath(directory))];
    return held.ino === ours.ino && held.dev === ours.dev;
  } catch (error) {
    // Another user's process is not ours to know; one that just ended has no files any more.
    if (['ENOENT', 'EACCES', 'EPERM', 'ESRCH'].includes(systemCode(error) ?? '')) return false;
    throw error;
  }
}

export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ESRCH') return undefined;
    throw error;
  }
}
