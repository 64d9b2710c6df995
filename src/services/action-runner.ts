/**
 * The action runner: claims due executions as slots are free, runs each to its end, and at start takes over what an
 * earlier process on this host left running.
 *
 * The loop wakes on hints (new work, a slot became free), on the time of the next delayed execution, and once a second
 * whatever happens: a lost hint costs a second, never an execution.
 */
import { hostname } from 'node:os';
import { messageOf } from '../base/errors.ts';
import type { InputReply, Messages } from '../bus/bus.ts';
import type { Execution, RunnerInfo } from '../core/model/execution.ts';
import { claimedAtBirth } from '../core/model/claimed-at-birth.ts';
import type { Context, Starter, StartPlace } from '../operations/context.ts';
import { publishChange } from '../operations/execution-changes.ts';
import type { Runners } from '../runners/runner.ts';
import { ExecutionRun, type RunSettings } from './execution-run.ts';
import type { Service } from './service.ts';

export interface ActionRunnerOptions extends RunSettings {
  /** Executions at the same time. */
  readonly slots: number;
  readonly runners: Runners;
  /** Takes over executions of this host only; absent where there is only one, whatever it calls itself today. */
  readonly onlyHost?: string;
}

/** Finds what a lost hint did not tell. */
const pollMs = 1_000;
/** While the store refuses, claims are tried again this often. */
const retryMs = 500;

export class ActionRunner implements Service, Starter {
  readonly name = 'actionrunner';
  readonly #context: Context;
  readonly #options: ActionRunnerOptions;
  readonly #runs = new Map<string, ExecutionRun>();
  readonly #subscriptions: Disposable[] = [];
  /** Running by the store's word at the last look, and worked on by nobody here. */
  #orphans: ReadonlySet<string> = new Set();
  /** Slots promised to executions that are being stored. */
  #reserved = 0;
  /** Slots that the claim under way may fill: half of the free ones, so that who comes meanwhile can begin at once. */
  #claiming = 0;
  #isClaiming = false;
  #claimAgain = false;
  /** The last claim took as much as it could: more may wait for a slot. While false, a slot that became free changes nothing. */
  #mayWait = true;
  #isStarted = false;
  #isStopping = false;
  #cancelPoll: () => void = () => {};
  #cancelDue: () => void = () => {};
  #whenIdle: (() => void)[] = [];
  #failing = false;

  constructor(context: Context, options: ActionRunnerOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** Executions at the same time, at most. */
  get slots(): number {
    return this.#options.slots;
  }

  /** Why it takes no work now; undefined while it does. */
  get idleReason(): 'not started' | 'stopping' | undefined {
    return this.#isStopping ? 'stopping' : this.#isStarted ? undefined : 'not started';
  }

  get active(): number {
    return this.#runs.size;
  }

  /** Executions running here, for whoever has to free room on the disk. */
  get runs(): readonly ExecutionRun[] {
    return [...this.#runs.values()];
  }

  async start(): Promise<void> {
    const { bus } = this.#context;
    this.#subscriptions.push(
      bus.subscribe('execution.requested', () => this.#wake()),
      bus.subscribe('execution.cancel', ({ id }) => this.#runs.get(id)?.cancel()),
      bus.subscribe('execution.input', (message) => void this.#takeInput(message)),
    );
    await this.#recover();
    this.#isStarted = true;
    this.#poll();
    this.#wake();
  }

  /** None while others wait for a slot: they were first. */
  reserve(): StartPlace | undefined {
    if (this.#isStopping || !this.#isStarted || this.#mayWait || this.#free() <= 0) return undefined;
    this.#reserved += 1;
    let isHeld = true;
    return {
      claim: (requested) => claimedAtBirth(requested, this.#runnerInfo()),
      begin: (claimed) => this.#begin(claimed),
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#reserved -= 1;
        // Whoever came meanwhile and found no slot.
        if (this.#mayWait) this.#wake();
      },
    };
  }

  /** Only who runs it answers. */
  async #takeInput({ id, ...request }: Messages['execution.input']): Promise<void> {
    const { bus, log } = this.#context;
    const run = this.#runs.get(id);
    if (!run) return;
    const reply = await run.input.send(request).catch((error): InputReply => {
      log.error({ execution: id, error: messageOf(error) }, 'the input of an execution cannot be written');
      return { kind: 'refused', code: 'busy', message: `the input of execution ${id} cannot be written` };
    });
    bus.publish('execution.input.answered', { request_id: request.request_id, reply }, request.request_id);
  }

  /** Claims nothing more; what runs can still be canceled. */
  async drain(graceMs: number): Promise<void> {
    this.#isStopping = true;
    this.#cancelDue();
    if (this.#runs.size === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#context.clock.after(graceMs, resolve);
      this.#whenIdle.push(() => {
        cancel();
        resolve();
      });
    });
  }

  /** What still runs is left running: its processes write to files, and the next start adopts them. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    await Promise.all([...this.#runs.values()].map((run) => run.letGo()));
    this.#runs.clear();
  }

  #stop(): void {
    this.#isStopping = true;
    this.#cancelPoll();
    this.#cancelDue();
    for (const subscription of this.#subscriptions.splice(0)) subscription[Symbol.dispose]();
  }

  #poll(): void {
    this.#cancelPoll = this.#context.clock.after(pollMs, () => {
      this.#wake();
      void this.#lookAtStarted();
      this.#poll();
    });
  }

  #wake(): void {
    if (this.#isStopping) return;
    if (this.#isClaiming) {
      this.#claimAgain = true;
      return;
    }
    this.#isClaiming = true;
    void this.#claim().finally(() => {
      this.#isClaiming = false;
      if (this.#claimAgain) {
        this.#claimAgain = false;
        this.#wake();
      }
    });
  }

  async #claim(): Promise<void> {
    const free = this.#free();
    if (free <= 0) this.#mayWait = true;
    try {
      // Asked at once, so that both are one message to the store; and both are waited for, so that claims never overlap.
      const asked = await Promise.allSettled([
        free > 0 ? this.#claimUpTo(Math.ceil(free / 2)) : undefined,
        this.#scheduleDelayed(),
      ]);
      const refused = asked.find((outcome) => outcome.status === 'rejected');
      if (refused) throw refused.reason;
      if (this.#failing) this.#context.log.info({}, 'the store answers again; claiming goes on');
      this.#failing = false;
    } catch (error) {
      if (!this.#failing)
        this.#context.log.error({ error: messageOf(error) }, 'no executions can be claimed; trying again');
      this.#failing = true;
      this.#context.clock.after(retryMs, () => this.#wake());
    }
  }

  async #claimUpTo(limit: number): Promise<void> {
    const { store, clock } = this.#context;
    const runner = this.#runnerInfo();
    this.#claiming = limit;
    // Between claim and start nothing is lost: the claim is committed, and a restart finds it.
    const claimed = await store.executions.claim({ limit, nowUs: clock.nowUs(), runner }).finally(() => {
      this.#claiming = 0;
    });
    for (const execution of claimed) this.#begin(execution);
    this.#mayWait = claimed.length === limit;
    if (this.#mayWait) this.#claimAgain = true;
  }

  #free(): number {
    return this.#options.slots - this.#runs.size - this.#reserved - this.#claiming;
  }

  #runnerInfo(): RunnerInfo {
    return { hostname: this.#context.settings.hostname, pid: process.pid };
  }

  async #scheduleDelayed(): Promise<void> {
    const { store, clock } = this.#context;
    const nowUs = clock.nowUs();
    const { moved, nextDueUs } = await store.executions.delayEarly(nowUs);
    for (const execution of moved) publishChange(this.#context, 'update', execution);
    this.#cancelDue();
    if (nextDueUs !== undefined && nextDueUs > nowUs)
      this.#cancelDue = clock.after((nextDueUs - nowUs) / 1000 + 1, () => this.#wake());
  }

  #begin(execution: Execution): void {
    const { clock, metrics } = this.#context;
    // By the wall clock, because another process may have taken the request; somebody may have set it meanwhile.
    metrics.claimSeconds.of().observe(Math.max(0, clock.nowUs() - execution.due_us) / 1e6);
    this.#announce(execution);
    const run = new ExecutionRun(this.#context, this.#options.runners, this.#options, execution);
    this.#track(run, run.start());
  }

  #track(run: ExecutionRun, done: Promise<void>): void {
    this.#runs.set(run.id, run);
    void done
      .catch((error) =>
        this.#context.log.error(
          { execution: run.id, error: messageOf(error) },
          'an execution was given up; it is looked at again at the next start',
        ),
      )
      .finally(() => {
        if (this.#runs.get(run.id) === run) this.#runs.delete(run.id);
        if (this.#runs.size === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
        if (this.#mayWait) this.#wake();
      });
  }

  /** Both steps of a claim are told, as clients know them from StackStorm: scheduled, then running. */
  #announce(execution: Execution): void {
    if (!this.#context.bus.hasListeners('execution.changed', execution.id)) return;
    publishChange(this.#context, 'update', { ...execution, status: 'scheduled', log: execution.log.slice(0, -1) });
    publishChange(this.#context, 'update', execution);
  }

  /**
   * What the store says is running here: a cancel whose hint was lost, and an execution that nobody here works on,
   * because its run was given up. The latter is taken over when it is seen twice, so that one just claimed is not.
   */
  async #lookAtStarted(): Promise<void> {
    try {
      const orphans = new Set<string>();
      for (const execution of await this.#context.store.executions.started(this.#options.onlyHost)) {
        const run = this.#runs.get(execution.id);
        if (run && execution.status === 'canceling') run.cancel();
        if (run || this.#isStopping) continue;
        if (this.#orphans.has(execution.id)) this.#takeOver(execution);
        else orphans.add(execution.id);
      }
      this.#orphans = orphans;
    } catch (error) {
      this.#context.log.warn({ error: messageOf(error) }, 'cannot look at what is running; trying again');
    }
  }

  #takeOver(execution: Execution): void {
    const run = new ExecutionRun(this.#context, this.#options.runners, this.#options, execution);
    this.#track(run, run.adopt());
  }

  async #recover(): Promise<void> {
    const left = await this.#context.store.executions.started(this.#options.onlyHost);
    for (const execution of left) this.#takeOver(execution);
    if (left.length > 0)
      this.#context.log.info(
        { executions: left.length, host: hostname() },
        'taking over executions that an earlier process left',
      );
  }
}
