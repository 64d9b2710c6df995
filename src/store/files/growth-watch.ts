/**
 * Notices that raw files of a log grew (file system events, with a slow poll behind them) and has them looked at: at once
 * where the log was quiet or somebody follows it, else bundled. Everything here is called by the system or a timer, where
 * an error would end the server: whatever a look throws is reported, and the look is repeated at the next poll.
 */
import { type FSWatcher, watch } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import { type OutputType, outputTypes } from '../../core/model/output-record.ts';
import type { LookBudget } from './look-budget.ts';

/**
 * Growth is looked at at once when the log was quiet for this long, or somebody follows and the budget allows it; else
 * at most this often.
 */
export const coalesceMs = 10;
/** File system events can be refused (limit of watches) or lost; this finds what they did not tell. */
const pollMs = 1_000;
const pollWithoutEventsMs = 25;

export interface GrowthParts {
  readonly clock: Clock;
  readonly budget: LookBudget;
  readonly isWanted: () => boolean;
  /** Takes in what is new; true where there is more. `wasTold`: the system said that something happened to the file. */
  readonly look: (type: OutputType, wasTold: boolean) => boolean;
  /** The file must not be left alone until its turn comes. */
  readonly isUrgent: (type: OutputType) => boolean;
  readonly failed: (error: unknown) => void;
}

export class GrowthWatch implements Disposable {
  readonly #parts: GrowthParts;
  #watcher: FSWatcher | undefined;
  #cancelPoll: () => void = () => {};
  #cancelLook: (() => void) | undefined;
  #cancelLater: (() => void) | undefined;
  #lookedUs = Number.NEGATIVE_INFINITY;
  /** Types whose file grew, in the order in which that was heard: approximates the order between the streams. */
  readonly #grown = new Set<OutputType>();
  /** Those of which the system said so. */
  readonly #told = new Set<OutputType>();
  #isStopped = false;

  constructor(directory: string, parts: GrowthParts) {
    this.#parts = parts;
    try {
      this.#watcher = watch(directory, { persistent: false }, (_event, name) => {
        const type = outputTypes.find((candidate) => candidate === name);
        if (type) this.#heard(type);
      });
      this.#watcher.on('error', () => this.#watchFailed());
    } catch {
      this.#watchFailed();
      return;
    }
    this.#poll(pollMs);
  }

  /** Has the files looked at, as if they had grown. */
  lookAtAll(): void {
    for (const type of outputTypes) this.#grew(type);
  }

  /** Has some types looked at after a while, unless that is to come anyway. */
  lookLater(delayMs: number, types: () => readonly OutputType[]): void {
    this.#cancelLater ??= this.#parts.clock.after(delayMs, () => {
      this.#cancelLater = undefined;
      for (const type of types()) this.#look(type);
    });
  }

  [Symbol.dispose](): void {
    this.#isStopped = true;
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#cancelPoll();
    this.#cancelLook?.();
    this.#cancelLater?.();
    this.#cancelLook = undefined;
    this.#cancelLater = undefined;
  }

  /** No more watches to be had (their number is limited by the system): look often instead. */
  #watchFailed(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#cancelPoll();
    if (!this.#isStopped) this.#poll(pollWithoutEventsMs);
  }

  #poll(everyMs: number): void {
    this.#cancelPoll = this.#parts.clock.after(everyMs, () => {
      this.#poll(everyMs);
      this.lookAtAll();
    });
  }

  #heard(type: OutputType): void {
    this.#told.add(type);
    this.#grew(type);
  }

  #grew(type: OutputType): void {
    if (this.#isStopped) return;
    this.#grown.add(type);
    const nowUs = this.#parts.clock.monotonicUs();
    const mayLook = () => this.#parts.budget.take(nowUs);
    const quietMs = (nowUs - this.#lookedUs) / 1000;
    if (!this.#cancelLook && (quietMs >= coalesceMs || (this.#parts.isWanted() && mayLook()))) this.#lookAtGrown();
    else if (this.#guarded(() => this.#parts.isUrgent(type)) && mayLook()) this.#lookAtGrown();
    else this.#cancelLook ??= this.#parts.clock.after(coalesceMs - quietMs, () => this.#lookAtGrown());
  }

  #lookAtGrown(): void {
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    this.#lookedUs = this.#parts.clock.monotonicUs();
    const grown = [...this.#grown];
    this.#grown.clear();
    for (const type of grown) {
      if (this.#isStopped) return;
      // More than one read's worth: others get their turn first.
      if (this.#look(type)) {
        this.#grown.add(type);
        this.#cancelLook ??= this.#soon();
      }
    }
  }

  #look(type: OutputType): boolean {
    const wasTold = this.#told.delete(type);
    return this.#guarded(() => this.#parts.look(type, wasTold)) ?? false;
  }

  #soon(): () => void {
    const immediate = setImmediate(() => this.#lookAtGrown());
    return () => clearImmediate(immediate);
  }

  #guarded(work: () => boolean): boolean | undefined {
    try {
      return work();
    } catch (error) {
      this.#parts.failed(error);
      return undefined;
    }
  }
}
