/**
 * One resident interpreter that forks Python actions (`python/stormtail_forkserver.py`, where its words are explained). It
 * writes down in the file `status` how they end. An action outlives it, and both outlive this server.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock } from '../../base/clock.ts';
import type { ProcessHandle, ProcessOptions, ProcessPlan, PythonStart } from '../process.ts';
import { untilGone } from './adopt-process.ts';
import { Handle, type ProcessIds } from './process-handle.ts';
import { readProcessStatus, startState } from './process-status.ts';
import { executionVariable } from './process-table.ts';
import { clearLate, factsText, withdrawOrder, writeOrder } from './start-files.ts';

/** Ids have 24 characters; there is room for others. */
const executionIdLengthMax = 64;

/** Heavy packages take seconds to import, on a busy machine more. */
const readyWithinMs = 30_000;
/** Longer than any fork takes. */
const startWithinMs = 10_000;
/** From making its file to writing its pid, a process needs a millisecond. */
const claimedWithinMs = 1_000;
const claimPollMs = 20;

interface Launched {
  readonly directory: string;
  /** Undefined where it was not, as far as is known. */
  readonly started: (pid: number | undefined) => void;
  /** With the exit status, where it was heard. */
  readonly ended: (exitCode: number | undefined) => void;
  pid: number | undefined;
}

/** `module` was being imported when it gave up, where it was any. */
export type Readiness =
  | { readonly kind: 'ready' }
  | { readonly kind: 'unfit'; readonly module: string | undefined; readonly why: string };

export class PythonForkServer implements Disposable {
  /** Never rejects. */
  readonly readiness: Promise<Readiness>;
  readonly #clock: Clock;
  readonly #child: ChildProcess;
  /** Not ended yet, by execution. */
  readonly #launched = new Map<string, Launched>();
  #tellReadiness: (readiness: Readiness) => void = () => {};
  #loading: string | undefined;
  #why: string | undefined;
  #isReady = false;
  #takesOrders = true;

  constructor(start: PythonStart, modules: readonly string[], clock: Clock) {
    this.#clock = clock;
    this.readiness = new Promise((resolve) => {
      this.#tellReadiness = resolve;
    });
    const [program = '', ...words] = start.argv;
    const modulesText = Buffer.from(JSON.stringify(modules));
    const child = spawn(program, words, {
      // A session of its own, without a terminal: what is typed there does not reach it.
      detached: true,
      cwd: '/',
      // Room for the id, which the process of each action fills in.
      env: { ...start.environment, [executionVariable]: '0'.repeat(executionIdLengthMax) },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#child = child;
    const cancelLimit = clock.after(readyWithinMs, () => {
      this.#why ??= `it took more than ${readyWithinMs / 1000} seconds`;
      child.kill('SIGKILL');
    });
    void this.readiness.then(cancelLimit);
    child.once('error', (error) => {
      this.#why ??= error.message;
      this.#gone();
    });
    child.once('exit', (code, signal) => {
      this.#why ??= `it ended with ${signal ?? `exit status ${code}`}`;
      this.retire();
    });
    // Not with its exit: the last process that waits for orders may still have taken one.
    child.once('close', () => this.#gone());
    child.stdin?.on('error', () => {}); // its exit says the same
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => this.#heard(line));
    child.unref();
    this.#send([lengths(modulesText.length), modulesText]);
  }

  get takesOrders(): boolean {
    return this.#takesOrders;
  }

  get isIdle(): boolean {
    return this.#launched.size === 0;
  }

  /** Takes no more orders, tells how what runs ends, and goes. */
  retire(): void {
    this.#takesOrders = false;
    this.#child.stdin?.end();
  }

  /** Leaves it alone with what runs. One that is not ready has forked nothing, and may hang. */
  [Symbol.dispose](): void {
    if (!this.#isReady) this.#child.kill('SIGKILL');
    this.retire();
    this.#child.stdout?.destroy();
    this.#child.unref();
  }

  /** Undefined where it was not started, nor will be: another way may be tried. Throws what the file system throws. */
  async start(plan: ProcessPlan, options: ProcessOptions): Promise<ProcessHandle | undefined> {
    const { executionId, directory } = options;
    let tellEnded: Launched['ended'] = () => {};
    const ended = new Promise<number | undefined>((resolve) => {
      tellEnded = resolve;
    });
    writeOrder(directory, '');
    let cancelLimit = () => {};
    const pid = await new Promise<number | undefined>((resolve) => {
      this.#launched.set(executionId, { directory, started: resolve, ended: tellEnded, pid: undefined });
      cancelLimit = this.#clock.after(startWithinMs, () => resolve(undefined));
      if (this.#takesOrders) this.#send(order(plan, options));
      else resolve(undefined);
    });
    cancelLimit();
    withdrawOrder(directory);
    if (pid !== undefined) return new Handle({ leader: pid, group: pid }, ended, plan, options, 'own');
    this.#launched.delete(executionId);
    // By somebody else, perhaps; or by one of ours who was not heard.
    const ids = await this.#claimed(directory);
    if (ids) return new Handle(ids, untilGone(ids.leader, directory, this.#clock), plan, options, 'own');
    clearLate(directory);
    return undefined;
  }

  #send(parts: readonly Buffer[]): void {
    for (const part of parts) this.#child.stdin?.write(part);
  }

  #heard(line: string): void {
    const [verb, first = '', second] = line.split(' ');
    if (verb === 'loading') this.#loading = first;
    if (verb === 'unfit') this.#why = line.slice(verb.length + first.length + 2);
    if (verb === 'ready') {
      this.#isReady = true;
      this.#tellReadiness({ kind: 'ready' });
    }
    if (verb === 'lost') this.#lost();
    const launched = this.#launched.get(first);
    if (!launched) return;
    if (verb === 'started') {
      launched.pid = Number(second);
      launched.started(launched.pid);
    }
    if (verb === 'taken' || verb === 'refused') launched.started(undefined);
    if (verb === 'ended') {
      this.#launched.delete(first);
      launched.started(undefined);
      launched.ended(Number(second));
    }
  }

  /** What has no process yet will get none. */
  #lost(): void {
    this.retire();
    for (const { pid, started } of this.#launched.values()) if (pid === undefined) started(undefined);
  }

  /** Killed by somebody, perhaps. What it forked goes on, and writes down by itself how it ends. */
  #gone(): void {
    this.#lost();
    this.#tellReadiness({ kind: 'unfit', module: this.#loading, why: this.#why ?? 'it ended' });
    for (const [executionId, { pid, directory, ended }] of this.#launched) {
      if (pid === undefined) continue;
      this.#launched.delete(executionId);
      void untilGone(pid, directory, this.#clock).then(ended);
    }
  }

  async #claimed(directory: string): Promise<ProcessIds | undefined> {
    for (let waitedMs = 0; waitedMs < claimedWithinMs; waitedMs += claimPollMs) {
      const { pid, group } = readProcessStatus(directory);
      if (pid !== undefined && group !== undefined) return { leader: pid, group };
      const state = startState(directory);
      if (state === 'none' || state === 'late') return undefined;
      await new Promise<void>((resolve) => this.#clock.after(claimPollMs, resolve));
    }
    return undefined;
  }
}

/** See `python/stormtail_sdk/forked_action.py`. */
function order(plan: ProcessPlan, { executionId, directory }: ProcessOptions): readonly Buffer[] {
  const head = Buffer.from(
    JSON.stringify({
      execution: executionId,
      directory,
      plan: factsText(plan),
      cwd: plan.cwd,
      environment: plan.environment,
      result: join(directory, 'result'),
      ...(plan.limits && { limits: plan.limits }),
    }),
  );
  const input = Buffer.from(plan.stdin ?? '');
  return [lengths(head.length, input.length), head, input];
}

function lengths(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length);
  for (const [at, number] of numbers.entries()) bytes.writeUInt32BE(number, 4 * at);
  return bytes;
}
