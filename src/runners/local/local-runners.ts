/** All runners that work on the server's own machine, by the name of their runner type. */
import type { Runner, Runners } from '../runner.ts';
import { announcement, noop } from './immediate-runners.ts';
import { type PythonRunnerOptions, pythonScript } from './python-runner.ts';
import { localShellCommand, localShellScript } from './shell-runners.ts';

export function localRunners(options: PythonRunnerOptions): Runners {
  return new Map<string, Runner>([
    ['local-shell-cmd', localShellCommand(options)],
    ['local-shell-script', localShellScript(options)],
    ['python-script', pythonScript(options)],
    ['noop', noop],
    ['announcement', announcement],
  ]);
}
