/**
 * Processes on this machine: Python actions are forked where that can be; all else runs in warm slots or by the launcher where there
 * is a bash, else plainly.
 */
import { existsSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Processes } from '../process.ts';
import { adoptProcess } from './adopt-process.ts';
import { startPlainly } from './plain-start.ts';
import { PythonForkServers } from './python-fork-servers.ts';
import { ShellLauncher } from './shell-launcher.ts';
import { ShellSlots } from './shell-slots.ts';

const bashPaths = ['/bin/bash', '/usr/bin/bash', '/usr/local/bin/bash'];

/** `slotsMax`: processes at the same time; more can be started too, but cost more. */
export function localProcesses(clock: Clock, log: Log, slotsMax = 8): Processes & Disposable {
  const shells = shellProcesses(clock, slotsMax);
  const forkServers = new PythonForkServers(clock, log);
  return {
    start: async (plan, options) => (await forkServers.start(plan, options)) ?? (await shells.start(plan, options)),
    adopt: adoptProcess,
    [Symbol.dispose]() {
      forkServers[Symbol.dispose]();
      shells[Symbol.dispose]();
    },
  };
}

function shellProcesses(clock: Clock, slotsMax: number): Pick<Processes, 'start'> & Disposable {
  const bash = bashPaths.find((path) => existsSync(path));
  if (bash === undefined) return { start: startPlainly, [Symbol.dispose]() {} };
  const launcher = new ShellLauncher(bash, clock);
  const slots = new ShellSlots({ bash, clock, slotsMax, launcher });
  return {
    // A terminal, or an input that stays open, needs more of the leading shell than a slot has.
    start: (plan, options) => (plan.terminal || plan.isInputOpen ? launcher : slots).start(plan, options),
    [Symbol.dispose]() {
      slots[Symbol.dispose]();
      launcher[Symbol.dispose]();
    },
  };
}
