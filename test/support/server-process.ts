/** Processes of this machine, as tests look for them: what an action started, and what a server needs. Linux (/proc). */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface ProcessFacts {
  readonly pid: number;
  readonly command: string;
}

/**
 * Living processes (zombies are not) of an execution: those that carry its id in their environment, and the shell that
 * leads them, which writes into the execution's directory.
 */
export function processesOf(executionId: string): readonly ProcessFacts[] {
  return processesWhere(
    ({ environment, stderr }) =>
      environment.includes(`ST2_ACTION_EXECUTION_ID=${executionId}`) || stderr.includes(executionId),
  );
}

/** Living processes with this text in their arguments, in their environment or in the path of their standard error. */
export function processesWith(text: string): readonly ProcessFacts[] {
  return processesWhere((facts) => Object.values(facts).some((fact) => fact.includes(text)));
}

interface Searched {
  readonly command: string;
  readonly environment: string;
  /** Path of the file behind it. */
  readonly stderr: string;
}

function processesWhere(matches: (facts: Searched) => boolean): readonly ProcessFacts[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const environment = readFileSync(`/proc/${name}/environ`, 'utf8');
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const isZombie = stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
      const stderr = isZombie ? '' : readlinkSync(`/proc/${name}/fd/2`);
      return !isZombie && matches({ command, environment, stderr }) ? [{ pid: Number(name), command }] : [];
    } catch {
      return []; // gone while we looked
    }
  });
}

/** Resident memory without pages of mapped files, in bytes. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

export function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already: that is what was wanted.
  }
}
