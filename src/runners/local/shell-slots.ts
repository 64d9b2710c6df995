/**
 * Starting processes through warm slots: resident shells that each run one command at a time (`slot-script.ts`). A start
 * costs one write to a socket here, and one fork of a small bash there. What finds no slot goes by the launcher.
 */
import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/errors.ts';
import type { ProcessHandle, ProcessOptions, ProcessPlan } from '../process.ts';
import { Leaders, startedAfterAll } from './leaders.ts';
import { Nursery, type Slot } from './nursery.ts';
import { Handle } from './process-handle.ts';
import { startState } from './process-status.ts';
import { orderBytesMax, slotOrder } from './slot-script.ts';
import { requireArgumentSize, requireStartable, startFailure } from './start-checks.ts';
import { claimLate, prepareDirectory, processEnvironment, removeInput, writeInput } from './start-files.ts';

/** Longer than any fork takes; then the slot is given up, and with it what it was asked, where that has not begun. */
const startWithinMs = 10_000;
/** Each is a socket of the server from the first start on, and a process of a few megabytes while it is needed. */
const slotsMaxMax = 128;
/** What had nothing to do for so long is ended. */
const idleMsMax = 60_000;

export interface SlotOptions {
  readonly bash: string;
  readonly clock: Clock;
  /** Processes at the same time. */
  readonly slotsMax: number;
  /** For what is beyond, and what no slot can do. */
  readonly launcher: { start(plan: ProcessPlan, options: ProcessOptions): Promise<ProcessHandle> };
}

export class ShellSlots implements Disposable {
  readonly #options: SlotOptions;
  readonly #leaders: Leaders;
  /** Slots at work, of whichever nursery, by execution. */
  readonly #busy = new Map<string, Slot>();
  #nursery: Nursery | undefined;
  #isRefused = false;
  #isClosed = false;
  #cancelTidy: (() => void) | undefined;

  constructor(options: SlotOptions) {
    this.#options = options;
    this.#leaders = new Leaders(options.clock);
  }

  /** Throws Fault `start_failed` where it cannot be started; nothing runs then, nor will. */
  async start(plan: ProcessPlan, options: ProcessOptions): Promise<ProcessHandle> {
    const environment = processEnvironment(plan, options);
    requireStartable(plan, environment, options);
    requireArgumentSize([...plan.argv, ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)]);
    let input: string | undefined;
    let handle: ProcessHandle | undefined;
    try {
      prepareDirectory(options);
      input = writeInput(plan, options.directory);
      handle = await this.#startInSlot(slotOrder(plan, options, environment, input), plan, options);
    } catch (error) {
      throw startFailure(error);
    } finally {
      if (input !== undefined) removeInput(options.directory);
    }
    return handle ?? this.#options.launcher.start(plan, options);
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#leaders[Symbol.dispose]();
    this.#cancelTidy?.();
    // Slots at work go on, and end by themselves; we do not wait for them.
    for (const nursery of new Set([this.#nursery, ...[...this.#busy.values()].map((slot) => slot.nursery)])) {
      nursery?.close();
      nursery?.deafen();
    }
  }

  /** Undefined where no slot did it, nor will. */
  async #startInSlot(
    order: Buffer,
    plan: ProcessPlan,
    { executionId, directory, clock }: ProcessOptions,
  ): Promise<ProcessHandle | undefined> {
    const slot = order.length > orderBytesMax ? undefined : this.#takeSlot();
    if (!slot) return undefined;
    this.#busy.set(executionId, slot);
    const { started, ended } = this.#leaders.expect(executionId, directory, () => slot.nursery.isThere(slot));
    const cancelLimit = this.#options.clock.after(startWithinMs, () => this.#leaders.giveUp(executionId));
    slot.socket.write(order);
    const heard = await started;
    cancelLimit();
    if (!heard) slot.nursery.retire(slot);
    const ids = heard ?? (claimLate(directory) ? undefined : await startedAfterAll(directory, clock));
    if (ids) {
      this.#leaders.follow(executionId, ids);
      // Where it was killed, nothing was said.
      void ended.then(() => this.#freed(executionId));
      return new Handle(ids, ended, plan, { executionId, directory, clock }, 'own');
    }
    this.#leaders.forget(executionId);
    this.#freed(executionId);
    if (startState(directory) === 'late') return undefined;
    throw new Fault(
      'start_failed',
      'the process could not be started: the limit of processes or memory may be reached',
    );
  }

  #takeSlot(): Slot | undefined {
    if (this.#isRefused || this.#isClosed) return undefined;
    if (this.#nursery?.isWornOut) {
      this.#nursery.close();
      this.#nursery = undefined;
    }
    this.#nursery ??= this.#openNursery();
    return this.#nursery.take();
  }

  #openNursery(): Nursery {
    const nursery: Nursery = new Nursery({
      bash: this.#options.bash,
      slotsMax: Math.min(this.#options.slotsMax, slotsMaxMax),
      onLine: (line) => this.#heard(line),
      onLost: (isRefused) => {
        this.#isRefused ||= isRefused;
        if (this.#nursery === nursery) this.#nursery = undefined;
        // What waited to be forked waits in vain.
        for (const [executionId, slot] of this.#busy)
          if (slot.nursery === nursery && !nursery.isThere(slot)) this.#leaders.giveUp(executionId);
      },
    });
    return nursery;
  }

  #heard(line: string): void {
    const [verb, executionId = ''] = line.split(' ', 2);
    // Where an earlier leader was first, the slot has nothing more to do, and the execution goes on.
    if (verb === 'taken' || verb === 'ended') this.#freed(executionId);
    this.#leaders.hear(line);
  }

  #freed(executionId: string): void {
    const slot = this.#busy.get(executionId);
    if (!slot) return;
    this.#busy.delete(executionId);
    slot.nursery.giveBack(slot, this.#options.clock.monotonicUs());
    if (!this.#isClosed) this.#tidyLater();
  }

  #tidyLater(): void {
    this.#cancelTidy ??= this.#options.clock.after(idleMsMax, () => {
      this.#cancelTidy = undefined;
      if (this.#nursery?.endIdle(this.#options.clock.monotonicUs() - idleMsMax * 1000)) this.#tidyLater();
    });
  }
}
