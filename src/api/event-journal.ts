/**
 * The recent events of this process in one order, for the general stream. Each client reads it at its own pace from its
 * own position; who falls further behind than the journal reaches has missed events and is told so.
 *
 * It is bounded by what it leaves to the store: an event of output says which records came, and their bytes are at hand
 * only while they are among the newest. Who is further behind, or in the middle of a flood, reads the log. So nothing
 * is waited for here, and what a lost hint did not tell is found by the numbers of the records.
 */
import { randomBytes } from 'node:crypto';
import { oneLineJson } from '../base/json.ts';
import type { Clock } from '../base/clock.ts';
import type { Bus } from '../bus/bus.ts';
import type { Execution } from '../core/model/execution.ts';
import { lastSeq, type OutputSegment } from '../core/model/output-segment.ts';
import type { ResultWish } from '../store/execution-store.ts';
import { type ExecutionView, isCompleted } from '../wire/execution.ts';
import { type OutputOrigin, outputEventName } from '../wire/output.ts';
import { EventTexts } from './event-texts.ts';
import { type Held, HeldValues } from './held.ts';
import type { JournalEvent, NewEvent } from './journal-event.ts';
import { originOf } from './output-encodings.ts';
import { RecentMap } from './recent-map.ts';

/** What is kept for clients that are behind, or were away for a moment. */
const eventsMax = 20_000;
const bytesMax = 16 * 1024 * 1024;
/** Of output and results that the store has too. */
const heldBytesMax = 8 * 1024 * 1024;
/** A change is counted as this many bytes and its parameters: the record, shared parts left out. */
const recordBytes = 2_000;
/** An event without its large parts. */
const referenceBytes = 200;
/** Output is taken in only while somebody wants it, and this long after: a client that reconnects misses nothing. */
const outputLingerMs = 30_000;
/** Executions whose names, and whose last record, are remembered; of older ones the names are looked up. */
const rememberedMax = 5_000;

export interface JournalParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly view: ExecutionView;
  readonly find: (id: string, result: ResultWish) => Promise<Execution | undefined>;
}

export class EventJournal implements Disposable {
  /** Distinguishes the positions of this process from those of others. */
  readonly epoch = randomBytes(4).toString('hex');
  readonly texts: EventTexts;
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #find: JournalParts['find'];
  readonly #subscriptions: Disposable[];
  readonly #held = new HeldValues(heldBytesMax);
  #events: JournalEvent[] = [];
  /** Counted bytes, by event. */
  #sizes: number[] = [];
  /** Position of `#events[0]`. */
  #first = 1;
  #bytes = 0;
  readonly #listeners = new Set<() => void>();
  #output: Disposable | undefined;
  #outputClients = 0;
  #outputSince = 0;
  #cancelLinger: () => void = () => {};
  readonly #origins = new RecentMap<OutputOrigin>(rememberedMax);
  /** Last record of each execution in an event, while output is taken in. */
  readonly #reached = new RecentMap<number>(rememberedMax);

  constructor({ bus, clock, view, find }: JournalParts) {
    this.#bus = bus;
    this.#clock = clock;
    this.#find = find;
    this.texts = new EventTexts(view, async (id) => (await find(id, 'whole'))?.result);
    this.#subscriptions = [
      bus.subscribe('execution.changed', ({ event, execution }) => this.#changed(event, execution)),
      bus.subscribe('announcement', ({ route, payload, trace_context }) => {
        const json = oneLineJson({ payload, trace_context });
        this.#add({ kind: 'announcement', name: `st2.announcement__${route}`, json }, referenceBytes + json.length);
      }),
    ];
  }

  /** Position of the newest event; the next one is `end + 1`. */
  get end(): number {
    return this.#first + this.#events.length - 1;
  }

  /** Clients that read it now. */
  get clients(): number {
    return this.#listeners.size;
  }

  /** Output of before this position was not taken in; undefined where none is now. */
  get outputSince(): number | undefined {
    return this.#output ? this.#outputSince : undefined;
  }

  /** The next events after a position, so many at most; undefined where some of them are not kept any more. */
  after(position: number, max = Number.POSITIVE_INFINITY): readonly JournalEvent[] | undefined {
    if (position + 1 < this.#first) return undefined;
    const from = Math.max(0, position + 1 - this.#first);
    return this.#events.slice(from, from + max);
  }

  /** `fn` is called after events were added. */
  listen(fn: () => void): Disposable {
    this.#listeners.add(fn);
    return { [Symbol.dispose]: () => void this.#listeners.delete(fn) };
  }

  /** The names in an execution's output records, where they are remembered. */
  knownOrigin(executionId: string): OutputOrigin | undefined {
    return this.#origins.get(executionId);
  }

  /** The same from the store where they are not; undefined for an execution that is gone. Rejects with the store's failure. */
  async origin(executionId: string): Promise<OutputOrigin | undefined> {
    const known = this.knownOrigin(executionId);
    if (known) return known;
    const execution = await this.#find(executionId, 'none');
    if (!execution) return undefined;
    const origin = originOf(execution);
    this.#origins.set(executionId, origin);
    return origin;
  }

  /** Takes output into the journal as long as at least one client wants it. */
  wantOutput(): Disposable {
    this.#outputClients += 1;
    this.#cancelLinger();
    if (!this.#output) {
      this.#outputSince = this.end;
      this.#reached.clear();
      this.#output = this.#bus.subscribe('output.appended', ({ execution_id, segments, end_seq }) =>
        this.#appended(execution_id, segments, end_seq),
      );
    }
    let isOpen = true;
    return {
      [Symbol.dispose]: () => {
        if (!isOpen) return;
        isOpen = false;
        this.#outputClients -= 1;
        if (this.#outputClients > 0) return;
        this.#cancelLinger = this.#clock.after(outputLingerMs, () => {
          this.#output?.[Symbol.dispose]();
          this.#output = undefined;
        });
      },
    };
  }

  [Symbol.dispose](): void {
    this.#cancelLinger();
    this.#output?.[Symbol.dispose]();
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    this.#listeners.clear();
  }

  #changed(event: 'create' | 'update' | 'delete', whole: Execution): void {
    const { result: value, ...execution } = whole;
    const { id } = execution;
    const isOver = isCompleted(execution);
    if (event === 'create') this.#reached.set(id, 0);
    // The last of its output, where the hint of it was lost.
    if (isOver && this.#reached.get(id) !== undefined) this.#reach(id, execution.output?.records ?? 0);
    if (isOver || event === 'delete') this.#reached.delete(id);
    this.#origins.set(id, originOf(execution));
    const result = value && this.#held.hold(value, whole.result_size ?? 0);
    const shared = { kind: 'execution', execution, ...(result && { result }) } as const;
    // StackStorm stores the live action first. It is the same record, counted once.
    if (event !== 'delete')
      this.#add({ ...shared, form: 'live action', name: `st2.liveaction__${event}`, isEnd: isOver }, 0);
    const bytes = recordBytes + JSON.stringify(execution.parameters).length;
    this.#add({ ...shared, form: 'execution', name: `st2.execution__${event}`, isEnd: isOver }, bytes);
  }

  #appended(executionId: string, segments: readonly OutputSegment[], endSeq: number | undefined): void {
    for (const segment of segments) {
      // Records before it that were not heard of.
      if (this.#reached.get(executionId) !== undefined) this.#reach(executionId, segment.firstSeq - 1);
      const reached = this.#reached.get(executionId) ?? segment.firstSeq - 1;
      if (lastSeq(segment) <= reached) continue; // heard twice
      const size = segment.bytes.length + referenceBytes;
      this.#addOutput(executionId, reached, lastSeq(segment), this.#held.hold(segment, size));
    }
    if (endSeq !== undefined) this.#reach(executionId, endSeq);
  }

  /** Its records are there up to this one; what is new of them becomes an event without bytes. */
  #reach(executionId: string, endSeq: number): void {
    const afterSeq = this.#reached.get(executionId);
    if (endSeq > (afterSeq ?? 0) && this.#output) this.#addOutput(executionId, afterSeq, endSeq);
  }

  #addOutput(executionId: string, afterSeq: number | undefined, endSeq: number, segment?: Held<OutputSegment>): void {
    this.#reached.set(executionId, endSeq);
    const event = { kind: 'output', name: outputEventName, executionId, afterSeq, endSeq } as const;
    this.#add({ ...event, ...(segment && { segment }) }, referenceBytes);
  }

  #add(event: NewEvent, bytes: number): void {
    this.#events.push({ ...event, number: this.end + 1 });
    this.#sizes.push(bytes);
    this.#bytes += bytes;
    this.#trim();
    for (const listener of this.#listeners) listener();
  }

  /** In steps: shifting one by one would move the whole array each time. */
  #trim(): void {
    if (this.#events.length <= eventsMax * 1.25 && this.#bytes <= bytesMax * 1.25) return;
    let drop = 0;
    while (drop < this.#events.length && (this.#events.length - drop > eventsMax || this.#bytes > bytesMax)) {
      this.#bytes -= this.#sizes[drop] ?? 0;
      drop += 1;
    }
    this.#events = this.#events.slice(drop);
    this.#sizes = this.#sizes.slice(drop);
    this.#first += drop;
  }
}
