/** Plans and directories for tests of single processes, and ways to see what became of them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import type { ProcessOptions, ProcessPlan } from '../../src/runners/process.ts';
import { sampleId } from './sample-execution.ts';

/** Runs `command` in a bash, in `home`. */
export function planOf(home: string, command: string, wish: Partial<ProcessPlan> = {}): ProcessPlan {
  return {
    argv: ['/bin/bash', '-c', command],
    environment: { PATH: process.env['PATH'] ?? '' },
    cwd: home,
    timeoutMs: 60_000,
    signalsNeedSudo: false,
    ...wish,
  };
}

/** The mark in the environment by which what left the group is found. */
export function marked(options: ProcessOptions): { environment: Record<string, string> } {
  return { environment: { PATH: process.env['PATH'] ?? '', ST2_ACTION_EXECUTION_ID: options.executionId } };
}

export function optionsIn(home: string, executionId = sampleId()): ProcessOptions {
  return { executionId, directory: join(home, executionId), clock: systemClock };
}

/** What is in one of its files; nothing where there is none. */
export function fileOf(options: ProcessOptions, name = 'stdout'): string {
  const path = join(options.directory, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** Waits until it holds, for at most ten seconds. */
export async function untilTrue(what: () => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; !what(); ) {
    if (performance.now() > end) throw new Error(`waited for what does not come: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A zombie is not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false; // there is no such process
  }
}
