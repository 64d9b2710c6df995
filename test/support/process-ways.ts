/** The ways of starting a process, for tests that hold for each of them. */
import { systemClock } from '../../src/base/clock.ts';
import { startPlainly } from '../../src/runners/local/plain-start.ts';
import { ShellLauncher } from '../../src/runners/local/shell-launcher.ts';
import { ShellSlots } from '../../src/runners/local/shell-slots.ts';
import type { Processes } from '../../src/runners/process.ts';

export type Way = Pick<Processes, 'start'> & Disposable;
export type WayName = 'plainly' | 'by the launcher' | 'in a slot';

const bash = '/bin/bash';

export function openWay(name: WayName): Way {
  if (name === 'plainly') return { start: startPlainly, [Symbol.dispose]() {} };
  if (name === 'by the launcher') return new ShellLauncher(bash, systemClock);
  return slotsAlone(64);
}

/** Slots that nothing stands in for. */
export function slotsAlone(slotsMax: number): ShellSlots {
  const launcher = { start: () => Promise.reject(new Error('no slot took it')) };
  return new ShellSlots({ bash, clock: systemClock, slotsMax, launcher });
}

export const allWays: readonly WayName[] = ['plainly', 'by the launcher', 'in a slot'];
/** Those in which a bash leads, which knows signals from exit codes. */
export const waysOfBash: readonly WayName[] = ['by the launcher', 'in a slot'];
