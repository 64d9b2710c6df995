/** Any bus, with its messages counted on the way. */
import type { Bus, Messages, Subject } from './bus.ts';

export function countedBus(bus: Bus, count: (subject: Subject) => void): Bus {
  return {
    publish<S extends Subject>(subject: S, message: Messages[S], key?: string) {
      count(subject);
      bus.publish(subject, message, key);
    },
    subscribe: (subject, handler, key) => bus.subscribe(subject, handler, key),
    hasListeners: (subject, key) => bus.hasListeners(subject, key),
    [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose](),
  };
}
