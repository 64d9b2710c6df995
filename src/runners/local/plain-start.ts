/**
 * Starting a process directly from the server: works everywhere, costs a fork of the whole server each time. Used where
 * there is no bash for the launcher.
 *
 * A small shell leads a session of its own, runs the command in the foreground with stdout and stderr appended to files,
 * and keeps pid and exit status in the file `status`, as `run-script.ts` does with a bash.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, unlinkSync } from 'node:fs';
import { Fault } from '../../base/errors.ts';
import type { ProcessHandle, ProcessOptions, ProcessPlan } from '../process.ts';
import { adoptProcess } from './adopt-process.ts';
import { commandLine } from './command-line.ts';
import { limitedArgv } from './limit-lines.ts';
import { Handle } from './process-handle.ts';
import { startState } from './process-status.ts';
import { requireStartable, startFailure } from './start-checks.ts';
import {
  factsText,
  prepareDirectory,
  processEnvironment,
  withdrawOrder,
  writeInput,
  writeOrder,
} from './start-files.ts';

/**
 * $1 is the execution's directory, $2 what a later server has to know, the rest is the command. A trapped signal is not
 * inherited by the command, but keeps this shell alive until the command is gone, so that the exit status is written unless
 * the whole group is killed. Output of the shell itself cannot mix with the action's: its own stderr is the status file, by
 * which a later server knows it. Hence the parentheses: for a plain command dash redirects its own stderr until the command
 * is over. It sets no variable: one of that name in the environment would change for the command too.
 */
const script = `trap : HUP INT TERM
set -C
{ : >"$1/status"; } 2>/dev/null || exit
set +C
exec 2>>"$1/status"
[ -e "$1/run" ] || { echo late >&2; exit; }
printf '%s\\n' "pid $$" "plan $2" "group $$" >&2
(shift 2; exec "$@") >>"$1/stdout" 2>>"$1/stderr"
printf 'by sh\\nexit %s\\n' "$?" >&2`;

/** Throws Fault `start_failed` where the system refuses to start it; nothing runs then. */
export async function startPlainly(plan: ProcessPlan, options: ProcessOptions): Promise<ProcessHandle> {
  const environment = processEnvironment(plan, options);
  requireStartable(plan, environment, options);
  const { directory } = options;
  if (plan.isInputOpen)
    throw new Fault('start_failed', 'interactive, tty: these need a bash, and this machine has none; install bash');
  try {
    const { exported, argv } = commandLine(plan.argv, environment);
    prepareDirectory(options);
    // An earlier server's start was first.
    const first = startState(directory) === 'none' ? 'never started' : adoptProcess(plan, options);
    if (first === 'gone')
      throw new Fault('start_failed', 'an earlier start left no exit status; it is not started twice');
    if (first !== 'never started') return first;
    writeOrder(directory, '');
    const child = await spawnShell(
      [directory, factsText(plan), ...limitedArgv(argv, plan.limits)],
      exported,
      plan,
      directory,
    );
    const { pid } = child;
    if (pid === undefined) throw new Fault('start_failed', 'the process could not be started: no pid was given');
    const exited = new Promise<undefined>((resolve) => child.once('exit', () => resolve(undefined)));
    child.unref();
    return new Handle({ leader: pid, group: pid }, exited, plan, options, 'own');
  } catch (error) {
    withdrawOrder(directory);
    throw startFailure(error);
  }
}

async function spawnShell(
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  plan: ProcessPlan,
  directory: string,
): Promise<ChildProcess> {
  const input = writeInput(plan, directory);
  const stdin = input === undefined ? undefined : openSync(input, 'r');
  if (input !== undefined) unlinkSync(input);
  try {
    const child = spawn('/bin/sh', ['-c', script, 'stormtail-action', ...words], {
      cwd: plan.cwd,
      env,
      // A session and group of its own: signals reach everything it started, and none reach it from our terminal.
      detached: true,
      stdio: [stdin ?? 'ignore', 'ignore', 'ignore'],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    return child;
  } finally {
    if (stdin !== undefined) closeSync(stdin);
  }
}
