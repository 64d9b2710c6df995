/**
 * Signals to whole process groups, and the question whether anything of one is left. A group's id is the pid of its first
 * process, and is not used again while anything of the group is there.
 */
import { spawn } from 'node:child_process';
import type { Clock } from '../../base/clock.ts';
import { systemCode } from '../../base/errors.ts';
import { executionMembers, groupMembers, processEntry } from './process-table.ts';
import { sudoPath } from './programs.ts';

/** `refused`: all that is there runs as another user. */
export type Reached = 'sent' | 'gone' | 'refused';

/** Something of the group is there, be it only a zombie. One system call. */
export function groupExists(group: number): boolean {
  return send(-group, 0) !== 'gone';
}

/** Something of the group lives. Looks at all processes only where its first one is gone. */
export async function groupLives(group: number): Promise<boolean> {
  if (!groupExists(group)) return false;
  const first = processEntry(group);
  if (first && !first.isZombie) return true;
  const members = await groupMembers(group);
  return members === undefined || members.length > 0;
}

export function signalGroup(group: number, signal: NodeJS.Signals): Reached {
  return send(-group, signal);
}

/** Whether something of the group runs as another user, so that our signals do not reach it. */
export async function hasForeignMembers(group: number): Promise<boolean> {
  if (process.getuid?.() === 0) return false;
  if (send(-group, 0) === 'refused') return true;
  const members = await groupMembers(group);
  return (members ?? []).some(({ pid }) => send(pid, 0) === 'refused');
}

/** Sudo may wait for whatever its configuration asks for, such as a directory server. */
const sudoTimeoutMs = 5_000;

/** Asks sudo to signal a group that runs as another user. Resolves when that was tried; whether it helped shows by looking. */
export function signalGroupBySudo(group: number, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    const words = ['-n', 'kill', `-${signal.slice(3)}`, '--', `-${group}`];
    const sudo = spawn(sudoPath, words, { stdio: 'ignore', timeout: sudoTimeoutMs });
    sudo.once('error', () => resolve()); // there is no sudo, or no room for a process
    sudo.once('close', () => resolve());
  });
}

/** How often those are looked for that a process forked while it was being killed. */
const stragglerPollMs = 20;
/** Two seconds of it: a killed process is gone in milliseconds, unless the kernel holds it. */
const stragglerPassesMax = 100;

/**
 * What left the group but still carries the execution's id in its environment gets no second chance. Resolves when none is
 * left, or when those that are left cannot be killed.
 */
export async function killStragglers(executionId: string, clock: Clock): Promise<void> {
  for (let pass = 0; pass < stragglerPassesMax; pass++) {
    const members = await executionMembers(executionId);
    const reached = members?.map(({ pid }) => send(pid, 'SIGKILL'));
    if (reached && !reached.includes('sent')) return;
    await new Promise<void>((resolve) => clock.after(stragglerPollMs, resolve));
  }
}

/** Never throws for want of permission: who may be signaled is a question here, and timers ask it. */
export function send(target: number, signal: NodeJS.Signals | 0): Reached {
  try {
    process.kill(target, signal);
    return 'sent';
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return 'gone';
    if (systemCode(error) === 'EPERM') return 'refused';
    throw error;
  }
}
