/** The bus within one process: a queue drained after the current callback. */
import type { Log } from '../../base/log.ts';
import { messageOf } from '../../base/errors.ts';
import type { Bus, Messages, Subject } from '../bus.ts';

interface Subscription {
  readonly handler: (message: never) => void;
  isOpen: boolean;
}

/**
 * Messages waiting to be delivered. Publishing is synchronous and draining follows at once, so this is reached only by
 * a handler that publishes without end; then the oldest hint is dropped, as a network would.
 */
const queueMax = 100_000;

export class LocalBus implements Bus {
  readonly #log: Log;
  readonly #all = new Map<Subject, Set<Subscription>>();
  readonly #keyed = new Map<string, Set<Subscription>>();
  readonly #queue: { subject: Subject; key: string | undefined; message: unknown }[] = [];
  #drainScheduled = false;
  #isClosed = false;

  constructor(log: Log) {
    this.#log = log;
  }

  publish<S extends Subject>(subject: S, message: Messages[S], key?: string): void {
    if (this.#isClosed || !this.hasListeners(subject, key)) return;
    if (this.#queue.length >= queueMax) {
      this.#queue.shift();
      this.#log.warn({ subject }, 'a hint was dropped: the bus is full');
    }
    this.#queue.push({ subject, key, message });
    if (this.#drainScheduled) return;
    this.#drainScheduled = true;
    queueMicrotask(() => this.#drain());
  }

  subscribe<S extends Subject>(subject: S, handler: (message: Messages[S]) => void, key?: string): Disposable {
    const subscription: Subscription = { handler, isOpen: true };
    const add = <K>(map: Map<K, Set<Subscription>>, at: K) => {
      const set = map.get(at) ?? new Set();
      map.set(at, set.add(subscription));
      return () => {
        set.delete(subscription);
        if (set.size === 0 && map.get(at) === set) map.delete(at);
      };
    };
    const remove = key === undefined ? add(this.#all, subject) : add(this.#keyed, `${subject} ${key}`);
    return {
      [Symbol.dispose]() {
        subscription.isOpen = false;
        remove();
      },
    };
  }

  hasListeners(subject: Subject, key?: string): boolean {
    return this.#all.has(subject) || (key !== undefined && this.#keyed.has(`${subject} ${key}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#queue.length = 0;
    this.#all.clear();
    this.#keyed.clear();
  }

  #drain(): void {
    this.#drainScheduled = false;
    for (const { subject, key, message } of this.#queue.splice(0)) {
      const keyed = key === undefined ? undefined : this.#keyed.get(`${subject} ${key}`);
      for (const subscription of [...(this.#all.get(subject) ?? []), ...(keyed ?? [])]) {
        if (!subscription.isOpen || this.#isClosed) continue;
        try {
          subscription.handler(message as never); // publish() and subscribe() tie the type to the subject
        } catch (error) {
          this.#log.error({ subject, error: messageOf(error) }, 'a listener on the bus failed');
        }
      }
    }
  }
}
