/**
 * A bus that does everything the port allows: by chance, messages are lost, come twice, or come late and so out of
 * order. Nothing but latency may depend on it.
 */
import type { Clock } from '../../src/base/clock.ts';
import type { Bus, Messages, Subject } from '../../src/bus/bus.ts';
import type { Chance } from './seeded-chance.ts';

export interface Faults {
  /** Shares of messages, together at most 1. */
  readonly lost: number;
  readonly doubled: number;
  readonly late: number;
  readonly lateMsMax: number;
}

export class UnreliableBus implements Bus {
  readonly #inner: Bus;
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #faults: Faults;

  constructor(inner: Bus, clock: Clock, chance: Chance, faults: Faults) {
    this.#inner = inner;
    this.#clock = clock;
    this.#chance = chance;
    this.#faults = faults;
  }

  publish<S extends Subject>(subject: S, message: Messages[S], key?: string): void {
    const { lost, doubled, late, lateMsMax } = this.#faults;
    const draw = this.#chance.next();
    if (draw < lost) return;
    const isDoubled = draw < lost + doubled;
    if (isDoubled || draw >= lost + doubled + late) this.#inner.publish(subject, message, key);
    if (isDoubled || (draw >= lost + doubled && draw < lost + doubled + late))
      this.#clock.after(this.#chance.between(1, lateMsMax), () => this.#inner.publish(subject, message, key));
  }

  subscribe<S extends Subject>(subject: S, handler: (message: Messages[S]) => void, key?: string): Disposable {
    return this.#inner.subscribe(subject, handler, key);
  }

  hasListeners(subject: Subject, key?: string): boolean {
    return this.#inner.hasListeners(subject, key);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#inner[Symbol.asyncDispose]();
  }
}
