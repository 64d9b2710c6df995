/** Processes on this machine: in warm slots or by the launcher where there is a bash, else plainly. */
import { existsSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import type { Processes } from '../process.ts';
import { adoptProcess } from './adopt-process.ts';
import { startPlainly } from './plain-start.ts';
import { ShellLauncher } from './shell-launcher.ts';
import { ShellSlots } from './shell-slots.ts';

const bashPaths = ['/bin/bash', '/usr/bin/bash', '/usr/local/bin/bash'];

/** `slotsMax`: processes at the same time; more can be started too, but cost more. */
export function localProcesses(clock: Clock, slotsMax = 8): Processes & Disposable {
  const bash = bashPaths.find((path) => existsSync(path));
  if (bash === undefined) return { start: startPlainly, adopt: adoptProcess, [Symbol.dispose]() {} };
  const launcher = new ShellLauncher(bash, clock);
  const slots = new ShellSlots({ bash, clock, slotsMax, launcher });
  return {
    // A terminal, or an input that stays open, needs more of the leading shell than a slot has.
    start: (plan, options) => (plan.terminal || plan.isInputOpen ? launcher : slots).start(plan, options),
    adopt: adoptProcess,
    [Symbol.dispose]() {
      slots[Symbol.dispose]();
      launcher[Symbol.dispose]();
    },
  };
}
