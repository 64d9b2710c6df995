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
import { Handle, type ProcessIds } from './process-handle.ts';
import { send } from './process-group.ts';
import { findLeader, groupLedBy, leaderAlive, readProcessStatus, startState } from './process-status.ts';
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
/** How often the pids of a leader are looked for that does not report to us. */
const takenPollMs = 20;
/** From making its file to forking, a leader needs a millisecond. */
const claimedWithinMs = 1_000;

interface Launched {
  readonly directory: string;
  /** Undefined where it was not, as far as is known. */
  readonly started: (ids: ProcessIds | undefined) => void;
  /** With the exit status, where it was heard. */
  readonly ended: (exitCode: number | undefined) => void;
  leader: number | undefined;
}

/** A leader that is killed says no `ended`: who is gone without a word is found by looking, this often. */
const lookMs = 500;

export class ShellLauncher implements Disposable {
  readonly #bash: string;
  readonly #clock: Clock;
  #child: ChildProcess | undefined;
  /** Not ended yet, by execution. */
  readonly #launched = new Map<string, Launched>();
  #cancelLook: (() => void) | undefined;
  #isClosed = false;

  constructor(bash: string, clock: Clock) {
    this.#bash = bash;
    this.#clock = clock;
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
    this.#isClosed = true;
    this.#cancelLook?.();
    this.#child?.stdin?.end();
    // Its subshells hold the other end for as long as their commands run; we do not wait for them.
    this.#child?.stdout?.destroy();
    this.#child?.unref();
  }

  async #launch(order: string, plan: ProcessPlan, options: ProcessOptions, attempt = 1): Promise<ProcessHandle> {
    const { executionId, directory } = options;
    let tellEnded: Launched['ended'] = () => {};
    const exited = new Promise<number | undefined>((resolve) => {
      tellEnded = resolve;
    });
    const launcher = this.#launcher();
    let cancelLimit = () => {};
    const heard = await new Promise<ProcessIds | undefined>((resolve) => {
      this.#launched.set(executionId, { directory, started: resolve, ended: tellEnded, leader: undefined });
      cancelLimit = this.#clock.after(startWithinMs, () => {
        // Where a leader has it, the launcher did its part.
        if (startState(directory) === 'none') launcher.kill('SIGKILL');
        resolve(undefined);
      });
      launcher.stdin?.write(`(. ${shellQuote(order)}) &\n`);
    });
    cancelLimit();
    if (!heard && attempt < startAttempts) {
      const isLate = startState(directory) === 'late';
      // Behind the back of an earlier leader, that was too late for its own order and is done.
      clearLate(directory);
      // Or the launcher was lost, not the room for processes. Whoever of the two is first takes it (see `runScript`).
      const isFree = startState(directory) === 'none';
      if (isFree && (this.#child !== launcher || isLate)) return this.#launch(order, plan, options, attempt + 1);
    }
    const ids = heard ?? (await this.#startedAfterAll(directory));
    if (!ids) {
      this.#launched.delete(executionId);
      throw new Fault(
        'start_failed',
        'the process could not be started: the limit of processes or memory may be reached',
      );
    }
    const launched = this.#launched.get(executionId);
    if (launched) launched.leader = ids.leader;
    this.#cancelLook ??= this.#clock.after(lookMs, () => this.#look());
    return new Handle(ids, exited, plan, options, 'own');
  }

  /** Gives up a start that was not heard of. What has begun by then is waited for, and stands; what has not never will. */
  async #startedAfterAll(directory: string): Promise<ProcessIds | undefined> {
    withdrawOrder(directory);
    const untilUs = this.#clock.nowUs() + claimedWithinMs * 1000;
    for (;;) {
      const ids = idsIn(directory);
      const state = startState(directory);
      if (ids || state === 'none' || state === 'late') return ids;
      if (this.#clock.nowUs() > untilUs) break;
      await new Promise<void>((resolve) => this.#clock.after(takenPollMs, resolve));
    }
    // It hangs, or died, or cannot fork, or the disk is full and its words are lost.
    const leader = readProcessStatus(directory).pid ?? findLeader(directory);
    if (leader === undefined || !leaderAlive(leader, directory)) return undefined;
    const group = groupLedBy(leader);
    if (group !== undefined) return { leader, group };
    send(leader, 'SIGKILL');
    return idsIn(directory);
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
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => this.#heard(line));
    child.unref();
    return child;
  }

  #heard(line: string): void {
    const [verb, executionId = '', ...numbers] = line.split(' ');
    const [first = 0, second = 0] = numbers.map(Number);
    if (verb === 'started') this.#launched.get(executionId)?.started({ leader: first, group: second });
    if (verb === 'taken') this.#taken(executionId);
    if (verb === 'ended') this.#ended(executionId, first);
  }

  /** An earlier leader, of a launcher or server that is gone, was first: its pids will be in the status file in no time. */
  #taken(executionId: string): void {
    const launched = this.#launched.get(executionId);
    if (!launched || launched.leader !== undefined) return;
    const ids = idsIn(launched.directory);
    if (ids || startState(launched.directory) === 'late') launched.started(ids);
    else this.#clock.after(takenPollMs, () => this.#taken(executionId));
  }

  #ended(executionId: string, exitCode: number | undefined): void {
    const launched = this.#launched.get(executionId);
    this.#launched.delete(executionId);
    launched?.ended(exitCode);
  }

  #look(): void {
    this.#cancelLook = undefined;
    for (const [executionId, { leader, directory }] of this.#launched) {
      if (leader !== undefined && !leaderAlive(leader, directory)) this.#ended(executionId, undefined);
    }
    if (this.#launched.size > 0 && !this.#isClosed) this.#cancelLook = this.#clock.after(lookMs, () => this.#look());
  }

  /**
   * Killed by somebody. Its subshells go on, only their words no longer reach us: looking finds their end, and whether
   * those whose start was not heard of did start.
   */
  #lost(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    for (const { leader, started, directory } of this.#launched.values())
      if (leader === undefined) started(idsIn(directory));
  }
}

/** Both, or what was started cannot be followed. */
function idsIn(directory: string): ProcessIds | undefined {
  const { pid, group } = readProcessStatus(directory);
  return pid === undefined || group === undefined ? undefined : { leader: pid, group };
}
