/**
 * What the server counts of itself: plain numbers in memory, so that counting costs nanoseconds and asks nobody. Whoever
 * wants to see them reads them when asked (app/metrics-text.ts); nothing is sent anywhere, and importing this does nothing.
 */

/** Only grows. */
export class Counter {
  value = 0;

  add(amount = 1): void {
    this.value += amount;
  }
}

/** How often values fell below each of a few bounds, their number and their sum. */
export class Histogram {
  readonly bounds: readonly number[];
  /** Not yet summed up: values above the bound before, up to this one; the last is for what is above all bounds. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    let at = 0;
    // Most values are small and bounds few: a walk is faster than halving.
    while (at < this.bounds.length && value > (this.bounds[at] ?? 0)) at += 1;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.sum += value;
  }
}

interface Description {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** One instrument for each combination of label values. Values come from small fixed sets: statuses, routes, runners. */
export class Family<I extends Counter | Histogram, L extends readonly string[] = readonly string[]>
  implements Description
{
  readonly kind: 'counter' | 'histogram';
  readonly name: string;
  readonly help: string;
  readonly labels: L;
  readonly #make: () => I;
  readonly #members = new Map<string, { readonly values: readonly string[]; readonly instrument: I }>();

  constructor({ kind, name, help, labels }: Description & { kind: 'counter' | 'histogram'; labels: L }, make: () => I) {
    this.kind = kind;
    this.name = name;
    this.help = help;
    this.labels = labels;
    this.#make = make;
    // Without labels there is one, and it is 0 from the start: an absent number looks like a broken one.
    if (labels.length === 0) this.#member([]);
  }

  /** The instrument for these label values, in the order of `labels`. */
  of(...values: { readonly [N in keyof L]: string }): I {
    return this.#member(values);
  }

  *[Symbol.iterator](): Iterator<{ readonly values: readonly string[]; readonly instrument: I }> {
    yield* this.#members.values();
  }

  #member(values: readonly string[]): I {
    const key = values.join('\0');
    let member = this.#members.get(key);
    if (!member) {
      member = { values, instrument: this.#make() };
      this.#members.set(key, member);
    }
    return member.instrument;
  }
}

export function counters<const L extends readonly string[]>(name: string, labels: L, help: string): Family<Counter, L> {
  return new Family({ kind: 'counter', name, help, labels }, () => new Counter());
}

export function histograms<const L extends readonly string[]>(
  name: string,
  labels: L,
  bounds: readonly number[],
  help: string,
): Family<Histogram, L> {
  return new Family({ kind: 'histogram', name, help, labels }, () => new Histogram(bounds));
}
