/** Processes on this machine: by the launcher where there is a bash, else plainly. */
import { existsSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import type { Processes } from '../process.ts';
import { adoptProcess } from './adopt-process.ts';
import { startPlainly } from './plain-start.ts';
import { ShellLauncher } from './shell-launcher.ts';

const bashPaths = ['/bin/bash', '/usr/bin/bash', '/usr/local/bin/bash'];

export function localProcesses(clock: Clock): Processes & Disposable {
  const bash = bashPaths.find((path) => existsSync(path));
  const launcher = bash === undefined ? undefined : new ShellLauncher(bash, clock);
  return {
    start: (plan, options) => (launcher ? launcher.start(plan, options) : startPlainly(plan, options)),
    adopt: adoptProcess,
    [Symbol.dispose]: () => launcher?.[Symbol.dispose](),
  };
}
