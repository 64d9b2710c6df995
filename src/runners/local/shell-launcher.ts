/**
 * Starting processes through one small resident bash. Forking the server costs two milliseconds of its event loop and
 * more with every megabyte of heap; forking a bash costs a fraction of one, and not ours.
 *
 * Per execution the launcher gets one short line: source this file in the background (`run-script.ts`). The subshell that
 * does runs the command, keeps pids and exit status in the file `status`, and says `started` and `ended` on the launcher's
 * stdout. When the server dies, the launcher reads the end of its input and goes; the subshells stay, and finish what they
 * do.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/errors.ts';
import type { ProcessHandle, ProcessOptions, ProcessPlan } from '../process.ts';
import { shellQuote } from './as-user.ts';
import { makeInputPipe } from './input-pipe.ts';
import { Leaders, startedAfterAll } from './leaders.ts';
import { Handle } from './process-handle.ts';
import { startState, unlessRefused } from './process-status.ts';
import { runScript } from './run-script.ts';
import { requireArgumentSize, requireStartable, startFailure } from './start-checks.ts';
import {
  clearLate,
  prepareDirectory,
  processEnvironment,
  withdrawOrder,
  writeInput,
  writeOrder,
  writeSideInput,
} from './start-files.ts';

/** Longer than any fork takes; then the launcher is replaced and the start given up, or found to have happened after all. */
const startWithinMs = 10_000;
/** Launchers that are killed in the very moment of a start, one after another, before it is given up. */
const startAttempts = 3;

export class ShellLauncher implements Disposable {
  readonly #bash: string;
  readonly #clock: Clock;
  readonly #leaders: Leaders;
  #child: ChildProcess | undefined;

  constructor(bash: string, clock: Clock) {
    this.#bash = bash;
    this.#clock = clock;
    this.#leaders = new Leaders(clock);
  }

  /** Throws Fault `start_failed` where it cannot be started; nothing runs then, nor will. */
  async start(plan: ProcessPlan, options: ProcessOptions): Promise<ProcessHandle> {
    const environment = processEnvironment(plan, options);
    requireStartable(plan, environment, options);
    requireArgumentSize([...plan.argv, ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)]);
    try {
      prepareDirectory(options);
      const { directory } = options;
      const pipe = await makeInputPipe(plan, directory);
      const input = {
        pipe,
        stdin: pipe === undefined ? writeInput(plan, directory) : undefined,
        side: writeSideInput(plan, directory),
      };
      const order = writeOrder(options.directory, runScript(plan, options, environment, input));
      return await this.#launch(order, plan, options);
    } catch (error) {
      throw startFailure(error);
    } finally {
      withdrawOrder(options.directory);
    }
  }

  [Symbol.dispose](): void {
    this.#leaders[Symbol.dispose]();
    this.#child?.stdin?.end();
    // Its subshells hold the other end for as long as their commands run; we do not wait for them.
    this.#child?.stdout?.destroy();
    this.#child?.unref();
  }

  async #launch(order: string, plan: ProcessPlan, options: ProcessOptions, attempt = 1): Promise<ProcessHandle> {
    const { executionId, directory } = options;
    const launcher = this.#launcher();
    const { started, ended } = this.#leaders.expect(executionId, directory);
    const cancelLimit = this.#clock.after(startWithinMs, () => {
      // Where a leader has it, the launcher did its part.
      if (unlessRefused(() => startState(directory)) === 'none') launcher.kill('SIGKILL');
      this.#leaders.giveUp(executionId);
    });
    launcher.stdin?.write(`(. ${shellQuote(order)}) &\n`);
    const heard = await started;
    cancelLimit();
    if (!heard && attempt < startAttempts) {
      const isLate = startState(directory) === 'late';
      // Behind the back of an earlier leader, that was too late for its own order and is done.
      clearLate(directory);
      // Or the launcher was lost, not the room for processes. Whoever of the two is first takes it (see `runScript`).
      const isFree = startState(directory) === 'none';
      if (isFree && (this.#child !== launcher || isLate)) return this.#launch(order, plan, options, attempt + 1);
    }
    if (!heard) withdrawOrder(directory);
    const ids = heard ?? (await startedAfterAll(directory, this.#clock));
    if (!ids) {
      this.#leaders.forget(executionId);
      throw new Fault(
        'start_failed',
        'the process could not be started: the limit of processes or memory may be reached',
      );
    }
    this.#leaders.follow(executionId, ids);
    return new Handle(ids, ended, plan, options, 'own');
  }

  #launcher(): ChildProcess {
    if (this.#child) return this.#child;
    const child = spawn(this.#bash, ['--noprofile', '--norc', '-s', 'stormtail-launcher'], {
      // A session of its own, without a terminal: what is typed there does not reach it.
      detached: true,
      cwd: '/',
      // Nothing of the server's environment: each script exports its own.
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#child = child;
    const lost = () => this.#lost(child);
    child.once('error', lost);
    child.once('exit', lost);
    child.stdin?.on('error', () => {}); // its exit says the same
    child.stdin?.write('set -m\nunset LC_ALL PWD OLDPWD SHLVL _\n');
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => this.#leaders.hear(line));
    child.unref();
    return child;
  }

  /**
   * Killed by somebody. Its subshells go on, only their words no longer reach us: looking finds their end, and whether
   * those whose start was not heard of did start.
   */
  #lost(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#leaders.allWereLost();
  }
}
