/**
 * One execution on this host, from claim to final status. The order that matters: the output log is open before the
 * process starts; it is sealed and durable before the final status is stored; the final status is stored before anybody
 * is told.
 */
import { Fault, messageOf } from '../base/errors.ts';
import type { Execution, ExecutionResult, OutputSummary } from '../core/model/execution.ts';
import type { ExecutionStatus } from '../core/model/execution-status.ts';
import { cancelResult } from '../operations/change-execution.ts';
import type { Context } from '../operations/context.ts';
import { publishChange } from '../operations/execution-changes.ts';
import { processAgeMs } from '../runners/process-age.ts';
import type { KeptOutput, Processes, ProcessHandle, ProcessOptions, StopReason } from '../runners/process.ts';
import type { ConnectedRunner, Outcome, ProcessRunner, Runner, RunRequest, Runners } from '../runners/runner.ts';
import type { OutputListener, OutputWriter } from '../store/output-store.ts';
import { ExecutionInput } from './execution-input.ts';
import { ExecutionSecrets } from './execution-secrets.ts';
import { runRequest } from './run-request.ts';
import { StageTimes } from './stage-times.ts';
import { noteStop, readStopNote } from './stop-note.ts';
import { storeEnd } from './store-end.ts';

export interface RunSettings {
  /** From TERM to KILL. */
  readonly killGraceMs: number;
  /** Of each stream, in the result. */
  readonly resultBytesMax: number;
  /** False: nobody is told of output while it is printed. The log is kept, and can be read. */
  readonly streamOutput: boolean;
  readonly processes: Processes;
  /** Told when output could not be written for want of room. */
  readonly onStorageFull: () => void;
  /** Has the room on the disk looked at now: a process may have met its end and ended by that. Calls `outputWasLost`. */
  readonly lookAtStorage: () => void;
}

export class ExecutionRun {
  readonly id: string;
  /** What is sent to its program. */
  readonly input: ExecutionInput;
  readonly #context: Context;
  readonly #runners: Runners;
  readonly #settings: RunSettings;
  readonly #execution: Execution;
  readonly #times: StageTimes;
  readonly #secrets: ExecutionSecrets;
  #handle: ProcessHandle | undefined;
  #connected: AbortController | undefined;
  #writer: OutputWriter | undefined;
  #wantsStop: StopReason | undefined;
  /** Why an earlier server stopped what this one took over. */
  #noted: StopReason | undefined;
  #isLetGo = false;
  #cancelTimeout: () => void = () => {};
  #lostOutput = false;
  #isUnkilled = false;
  /** Output that was there already when this process took over. */
  #before = { bytes: 0, records: 0 };

  constructor(context: Context, runners: Runners, settings: RunSettings, execution: Execution) {
    this.id = execution.id;
    this.#context = context;
    this.#runners = runners;
    this.#settings = settings;
    this.#execution = execution;
    this.#secrets = new ExecutionSecrets(context, execution);
    this.#times = new StageTimes(context, execution.runner.name);
    this.input = new ExecutionInput(execution.id, context.clock, () => this.#handle);
  }

  /** Bytes of output since this process follows it. */
  get grownBytes(): number {
    return (this.#writer?.bytes ?? 0) - this.#before.bytes;
  }

  /** Brings the metrics of output up to date. */
  countOutput(): void {
    if (this.#writer) this.#times.printed({ bytes: this.#writer.bytes, records: this.#writer.endSeq }, this.#before);
  }

  cancel(): void {
    this.stop('cancel');
  }

  stop(reason: StopReason): void {
    this.#wantsStop ??= reason;
    this.#connected?.abort(this.#wantsStop);
    if (this.#handle && this.#writer) noteStop(this.#writer.directory, this.#wantsStop);
    this.#handle?.stop(this.#wantsStop, this.#settings.killGraceMs);
  }

  /** Leaves the process alone for the next server; stores nothing more. */
  async letGo(): Promise<void> {
    this.#isLetGo = true;
    this.#cancelTimeout();
    this.#connected?.abort('cancel');
    // Without taking in what is unfinished: the next server finds it in the files, perhaps with the other half of a character.
    await this.#writer?.[Symbol.asyncDispose]();
  }

  /** Runs what was just claimed. */
  async start(): Promise<void> {
    await this.#guarded(async () => {
      const { unreadable } = this.#execution;
      if (unreadable !== undefined)
        throw new Fault('store_failed', `its secret parameters cannot be read: ${unreadable}`);
      return this.#begin(this.#runner());
    });
  }

  /** Takes over what an earlier process started, or perhaps did not get to start. */
  async adopt(): Promise<void> {
    await this.#guarded(async () => {
      if (this.#execution.status === 'canceling') this.#wantsStop = 'cancel';
      const runner = this.#runners.get(this.#execution.runner.name);
      if (runner?.kind === 'immediate') return this.#begin(runner);
      // By what was written down at its start alone: packs and settings may have changed since, the process has not. Before
      // anything can fail: what cannot be followed must be stopped.
      const adopted = runner?.kind === 'connected' ? undefined : this.#settings.processes.adopt(this.#processOptions());
      if (typeof adopted === 'object') this.#handle = adopted;
      await this.#secrets.recallConfig();
      await this.#open();
      if (runner?.kind === 'connected' || adopted === undefined)
        return this.#abandoned('it ran on other hosts over connections of the server, which ended with the server');
      if (adopted === 'gone')
        return this.#abandoned('the process was gone when the server came back, and left no exit status');
      // Claimed, but the server died before the process existed: it starts now, for the first time.
      if (adopted === 'never started') return this.#begin(this.#runner());
      if (!runner) throw this.#noRunner();
      this.#noted = readStopNote(this.#writer?.directory ?? '');
      this.#wantsStop ??= this.#noted;
      const ageMs = processAgeMs(adopted.pid, this.#execution, this.#context.clock);
      return this.#follow(runner, await this.#request({}), adopted, ageMs);
    });
  }

  async #begin(runner: Runner): Promise<Outcome> {
    const request = await this.#request(await this.#secrets.readConfig());
    if (runner.kind === 'immediate') return this.#runImmediate(runner, request);
    if (runner.kind === 'connected') return this.#runConnected(runner, request);
    const plan = await runner.plan(request);
    if (!this.#writer) await this.#open();
    // Canceled before anything ran: `#finish` makes the result. Let go: the next server starts it.
    if (this.#wantsStop === 'cancel' || this.#isLetGo) return { status: 'failed', result: {} };
    this.#handle = await this.#settings.processes.start(plan, this.#processOptions());
    this.#times.started();
    return this.#follow(runner, request, this.#handle, 0);
  }

  #processOptions(): ProcessOptions {
    const { clock, output } = this.#context;
    return { executionId: this.id, directory: output.directory(this.id), clock };
  }

  async #open(): Promise<void> {
    const { bus, output } = this.#context;
    const listener: OutputListener = {
      isWanted: () => this.#settings.streamOutput && bus.hasListeners('output.appended', this.id),
      appended: (segments) => bus.publish('output.appended', { execution_id: this.id, segments }, this.id),
      // Whoever follows can read the log.
      wantsLong: () => false,
      grew: (end_seq) => bus.publish('output.appended', { execution_id: this.id, segments: [], end_seq }, this.id),
      storageFull: () => {
        this.#lostOutput = true;
        this.#settings.onStorageFull();
      },
      failed: (error) =>
        this.#context.log.error(
          { execution: this.id, error: messageOf(error) },
          'the output of an execution cannot be taken in; trying again',
        ),
    };
    this.#writer = await output.open(this.id, listener, {
      secrets: this.#secrets.values,
      printedAtOnce: [this.#secrets.token],
    });
    this.#before = { bytes: this.#writer.bytes, records: this.#writer.endSeq };
  }

  /** The disk was full while this ran: the process's own writes may have failed, and nobody can say how many. */
  outputWasLost(): void {
    this.#lostOutput = true;
  }

  /** `ageMs`: how long it has been running. */
  async #follow(runner: ProcessRunner, request: RunRequest, handle: ProcessHandle, ageMs: number): Promise<Outcome> {
    const { clock } = this.#context;
    this.#cancelTimeout = clock.after(Math.max(0, handle.timeoutMs - ageMs), () => this.stop('timeout'));
    if (this.#wantsStop) handle.stop(this.#wantsStop, this.#settings.killGraceMs);
    const ended = await handle.ended;
    const end = { ...ended, stopped: ended.stopped ?? this.#noted };
    this.#times.ended();
    this.#cancelTimeout();
    this.#isUnkilled = end.unkilled === true;
    this.#settings.lookAtStorage();
    await this.#writer?.catchUp();
    if (this.#isLetGo) return { status: 'failed', result: {} };
    this.#writer?.flush();
    const outcome = this.#withLoss(runner.conclude(request, end, await this.#kept()));
    return { ...outcome, ...(this.#isLetGo ? {} : { endUs: end.endUs }) };
  }

  /** What failed while the disk was full most likely failed of that, and could not say so: its own words are lost too. */
  #withLoss(outcome: Outcome): Outcome {
    if (!this.#lostOutput || outcome.status !== 'failed' || outcome.result.error !== undefined) return outcome;
    const error = 'the disk that keeps the output was full while this ran; part of the output is lost';
    return { ...outcome, result: { ...outcome.result, error } };
  }

  async #kept(): Promise<KeptOutput> {
    const empty = { text: '', cutBytes: 0 };
    const [stdout, stderr] = this.#writer
      ? await Promise.all([
          this.#writer.kept('stdout', this.#settings.resultBytesMax),
          this.#writer.kept('stderr', this.#settings.resultBytesMax),
        ])
      : [empty, empty];
    return {
      stdout: stdout.text,
      stderr: stderr.text,
      stdoutCutBytes: stdout.cutBytes,
      stderrCutBytes: stderr.cutBytes,
    };
  }

  #runImmediate(runner: Extract<Runner, { kind: 'immediate' }>, request: RunRequest): Outcome {
    const { outcome, announcement } = runner.run(request);
    if (announcement) {
      const { route } = announcement;
      const payload = this.#secrets.redact(announcement.payload);
      const trace = this.#execution.context.trace_context ?? null;
      this.#context.bus.publish('announcement', { route, payload, trace_context: trace }, route);
    }
    return outcome;
  }

  async #runConnected(runner: ConnectedRunner, request: RunRequest): Promise<Outcome> {
    if (!this.#writer) await this.#open();
    if (this.#wantsStop === 'cancel' || this.#isLetGo) return { status: 'failed', result: {} };
    this.#connected = new AbortController();
    this.#times.started();
    const outcome = await runner.run(request, {
      write: (type, bytes, host) => {
        if (!this.#isLetGo) this.#writer?.write(type, bytes, host);
      },
      signal: this.#connected.signal,
      clock: this.#context.clock,
      killGraceMs: this.#settings.killGraceMs,
      resultBytesMax: this.#settings.resultBytesMax,
    });
    this.#times.ended();
    this.#settings.lookAtStorage();
    return this.#withLoss(outcome);
  }

  /** Whatever goes wrong on the way, the execution ends, with the reason in its result. */
  async #guarded(work: () => Promise<Outcome & { endUs?: number }>): Promise<void> {
    let outcome: Outcome & { endUs?: number };
    try {
      outcome = await work();
    } catch (error) {
      if (this.#isLetGo) return;
      // A process that nobody follows any more must not outlive its execution.
      this.#handle?.stop('cancel', this.#settings.killGraceMs);
      await this.#handle?.ended.catch(() => {});
      const isExpected = error instanceof Fault;
      if (!isExpected)
        this.#context.log.error(
          this.#secrets.redact({
            execution: this.id,
            error: messageOf(error),
            stack: error instanceof Error ? error.stack : undefined,
          }),
          'an execution failed for a reason of our own',
        );
      outcome = {
        status: 'failed',
        // Where in our own code it was found helps nobody whose action cannot be run; where we are wrong it does.
        result: {
          error: messageOf(error),
          traceback: error instanceof Error && !isExpected ? (error.stack ?? '') : '',
        },
      };
    }
    this.#cancelTimeout();
    if (this.#isLetGo) return;
    await this.#finish(outcome);
  }

  #runner(): Runner {
    const { name, enabled } = this.#execution.runner;
    if (!enabled) throw new Fault('forbidden', `Runner "${name}" has been disabled by the administrator.`);
    const runner = this.#runners.get(name);
    if (!runner) throw this.#noRunner();
    return runner;
  }

  #noRunner(): Fault {
    const known = [...this.#runners.keys()].join(', ');
    return new Fault('not_found', `this version has no runner "${this.#execution.runner.name}"; it has ${known}`);
  }

  #request(config: RunRequest['config']): Promise<RunRequest> {
    return runRequest(this.#context, this.#execution, { token: this.#secrets.token, config });
  }

  #abandoned(reason: string): Outcome & { reason: string } {
    return { status: 'abandoned', result: { error: reason }, reason };
  }

  async #finish(printed: Outcome & { endUs?: number; reason?: string }): Promise<void> {
    const outcome = this.#secrets.redactOutcome(printed);
    const summary = await this.#seal();
    this.countOutput();
    const canceled = this.#wantsStop === 'cancel';
    const finished = canceled
      ? await this.#store('canceled', await this.#canceledResult(outcome.result), outcome, summary)
      : ((await this.#store(outcome.status, outcome.result, outcome, summary)) ??
        // Canceled in the very moment it ended by itself: the cancel was acknowledged, so it counts.
        (await this.#store('canceled', await this.#canceledResult(outcome.result), outcome, summary)));
    if (!finished) return;
    this.#times.stored(finished);
    publishChange(this.#context, 'update', finished);
  }

  /** StackStorm's result of a canceled action, with what it had printed until then. */
  async #canceledResult(result: ExecutionResult): Promise<ExecutionResult> {
    const current = await this.#context.store.executions.find(this.id).catch(() => undefined);
    const by = current?.context.cancelled_by ?? this.#execution.context.cancelled_by;
    const { error, ...kept } = result;
    // That it was canceled is no error; that some of it goes on is.
    return {
      ...kept,
      ...(this.#isUnkilled && { error }),
      ...cancelResult(typeof by === 'string' ? by : this.#execution.context.user),
    };
  }

  async #seal(): Promise<OutputSummary | undefined> {
    if (!this.#writer) return undefined;
    try {
      if (this.#lostOutput) this.#writer.markLost(-1);
      return await this.#writer.seal();
    } catch (error) {
      this.#context.log.error(
        { execution: this.id, error: messageOf(error) },
        'the output of an execution could not be completed',
      );
      return { records: this.#writer.endSeq, lines: 0, bytes: this.#writer.bytes, lost_bytes: -1 };
    }
  }

  /** Undefined where the execution is no longer ours to finish. */
  #store(
    to: ExecutionStatus,
    result: ExecutionResult,
    { endUs, reason }: { endUs?: number; reason?: string },
    output: OutputSummary | undefined,
  ): Promise<Execution | undefined> {
    return storeEnd(this.#context, this.id, {
      to,
      // A cancel that came meanwhile has the last word.
      from: to === 'canceled' ? ['canceling', 'running'] : ['running'],
      attempt: this.#execution.attempt,
      result,
      startUs: this.#execution.start_us,
      ...(endUs !== undefined && { endUs }),
      ...(output && { output }),
      ...(reason !== undefined && { reason }),
      onStorageFull: this.#settings.onStorageFull,
      isGivenUp: () => this.#isLetGo,
    });
  }
}
