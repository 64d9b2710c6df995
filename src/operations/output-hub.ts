/**
 * Following the output of executions: everything so far, then everything new, nothing lost or doubled at the seam.
 *
 * A follower is in one of two modes. *Reading*: it takes pages from the store at its own pace. *Live*: it has seen
 * everything and is handed what the bus brings, encoded once for all followers alike. It goes live only when its cursor
 * has reached what was already handed to live followers, and goes back to reading whenever it might miss something: its
 * connection is slow, or a message of the bus was lost. The bus is subscribed before the first page is read, so what is
 * not in a page is still to come.
 */
import type { Execution } from '../core/model/execution.ts';
import { isFinal } from '../core/model/execution-status.ts';
import { lastSeq, type OutputSegment } from '../core/model/output-segment.ts';
import type { OutputType } from '../core/model/output-record.ts';
import { Fault, messageOf } from '../base/errors.ts';
import type { Context } from './context.ts';

/** How segments become bytes. Followers with the same `key` and types share the bytes. */
export interface OutputEncoding {
  readonly key: string;
  encode(execution: Execution, segments: readonly OutputSegment[], afterSeq: number): Buffer;
  /** The same as text, for a follower that reads alone: see `OutputSink.write`. */
  text?(execution: Execution, segments: readonly OutputSegment[], afterSeq: number): string;
}

/** Where a follower's bytes go. */
export interface OutputSink {
  /** False: its buffer is full. What was given is kept; nothing more is given before `drained`. */
  send(bytes: Buffer): boolean;
  /** The same for text that nobody else gets: its memory is free as soon as the system took it, not at some collection. */
  write?(text: string): boolean;
  drained(signal: AbortSignal): Promise<void>;
}

export interface FollowOptions {
  readonly afterSeq: number;
  readonly types?: readonly OutputType[];
  readonly encoding: OutputEncoding;
  readonly sink: OutputSink;
  readonly signal: AbortSignal;
  /** Told of the state at the beginning where it has started, then of each change but the last. */
  readonly onChange?: (execution: Execution) => void;
}

/** Read from the store in one go by a follower that catches up. */
const pageBytes = 256 * 1024;
/** The final status, or more output, may be heard of only by asking: hints can be lost. */
const pollMs = 2_000;
/** Reads nothing, and so only asks where the log ends. */
const beyondAll = { afterSeq: Number.MAX_SAFE_INTEGER, bytesMax: 1 };
/** Up to this many followers of one execution are served at once; more share a flush of up to `flushMsMax`. */
const directFollowersMax = 16;
const flushMsMax = 50;
/** Bytes not yet handed to live followers beyond which a flush does not wait for its time. */
const pendingBytesMax = 512 * 1024;

export class OutputHub {
  readonly #context: Context;
  readonly #channels = new Map<string, Channel>();
  #readers = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Followers at this moment. */
  get readers(): number {
    return this.#readers;
  }

  /**
   * Follows until the execution is over and all its output was sent; answers the finished execution, or undefined where
   * `signal` ended it. `not_found` where there is no such execution.
   */
  async follow(executionId: string, options: FollowOptions): Promise<Execution | undefined> {
    const channel = this.#channel(executionId);
    const follower = new Follower(channel, this.#context, options);
    channel.followers.add(follower);
    this.#readers += 1;
    try {
      const execution = await this.#context.store.executions.find(executionId);
      if (!execution) throw new Fault('not_found', `Unable to identify resource with id "${executionId}".`);
      channel.learn(execution);
      follower.begin(channel.execution ?? execution);
      return await follower.run();
    } finally {
      this.#readers -= 1;
      channel.followers.delete(follower);
      if (channel.followers.size === 0) {
        channel[Symbol.dispose]();
        if (this.#channels.get(executionId) === channel) this.#channels.delete(executionId);
      }
    }
  }

  #channel(executionId: string): Channel {
    let channel = this.#channels.get(executionId);
    if (!channel) {
      channel = new Channel(this.#context, executionId);
      this.#channels.set(executionId, channel);
    }
    return channel;
  }
}

/** What all followers of one execution share. */
class Channel implements Disposable {
  readonly executionId: string;
  readonly followers = new Set<Follower>();
  /** Last seq handed to live followers; 0 while nothing was heard. */
  deliveredSeq = 0;
  /** The newest state known. */
  execution: Execution | undefined;
  readonly #context: Context;
  readonly #subscriptions: readonly Disposable[];
  /** Heard and not yet handed out: `deliveredSeq + 1` and on. */
  #pending: OutputSegment[] = [];
  #pendingBytes = 0;
  #cancelFlush: (() => void) | undefined;
  #cancelPoll: () => void = () => {};
  #isClosed = false;

  constructor(context: Context, executionId: string) {
    this.#context = context;
    this.executionId = executionId;
    this.#subscriptions = [
      context.bus.subscribe('output.appended', ({ segments, end_seq }) => this.#heard(segments, end_seq), executionId),
      context.bus.subscribe('execution.changed', ({ execution }) => this.learn(execution), executionId),
    ];
    this.#poll();
  }

  get isOver(): boolean {
    return this.execution !== undefined && isFinal(this.execution.status);
  }

  /** A state was read or heard. Statuses only go forward, so one behind what is known is old news. */
  learn(execution: Execution): void {
    const before = this.execution;
    if (before && (isFinal(before.status) || before.log.length >= execution.log.length)) return;
    this.execution = execution;
    this.flush();
    if (isFinal(execution.status)) for (const follower of [...this.followers]) follower.over(execution);
    else if (before) for (const follower of this.followers) follower.changed(execution);
  }

  flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    const segments = this.#pending;
    const last = segments.at(-1);
    if (!last || !this.execution) return;
    this.#pending = [];
    this.#pendingBytes = 0;
    const from = this.deliveredSeq;
    this.deliveredSeq = lastSeq(last);
    const shared = new Map<string, Buffer>();
    for (const follower of [...this.followers])
      follower.deliver(this.execution, segments, from, this.deliveredSeq, shared);
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#cancelFlush?.();
    this.#cancelPoll();
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
  }

  #heard(segments: readonly OutputSegment[], endSeq?: number): void {
    for (const segment of segments) {
      const expected =
        (this.#pending.length > 0 ? lastSeq(this.#pending[this.#pending.length - 1] ?? segment) : this.deliveredSeq) +
        1;
      if (segment.firstSeq > expected) {
        // The first one heard, or one before it was lost: whoever has not seen what lies between reads it from the store.
        this.flush();
        this.deliveredSeq = segment.firstSeq - 1;
      } else if (segment.firstSeq < expected) continue; // heard twice
      this.#pending.push(segment);
      this.#pendingBytes += segment.bytes.length;
    }
    if (endSeq !== undefined) this.#grew(endSeq);
    const live = this.followers.size;
    if (live <= directFollowersMax || this.#pendingBytes >= pendingBytesMax) this.flush();
    else this.#cancelFlush ??= this.#context.clock.after(Math.min(flushMsMax, live / 20), () => this.flush());
  }

  /** More was appended than came along: live followers have to read it. */
  #grew(endSeq: number): void {
    this.flush();
    if (endSeq <= this.deliveredSeq) return;
    this.deliveredSeq = endSeq;
    for (const follower of this.followers) follower.behind(endSeq);
  }

  #poll(): void {
    this.#cancelPoll = this.#context.clock.after(pollMs, () => {
      void this.#look().finally(() => {
        if (!this.#isClosed) this.#poll();
      });
    });
  }

  async #look(): Promise<void> {
    try {
      const execution = await this.#context.store.executions.find(this.executionId);
      if (execution) this.learn(execution);
      // A lost hint of output costs this interval, however long the execution says nothing more.
      using end = await this.#context.output.read(this.executionId, beyondAll);
      if (!this.#isClosed) this.#grew(end.endSeq);
    } catch (error) {
      this.#context.log.warn(
        { execution: this.executionId, error: messageOf(error) },
        'cannot look at an execution that is followed; trying again',
      );
    }
  }
}

class Follower {
  readonly #channel: Channel;
  readonly #context: Context;
  readonly #options: FollowOptions;
  #cursor: number;
  #hasBegun = false;
  /** Set while live: wakes the reading loop, or ends it. */
  #leaveLive: (() => void) | undefined;

  constructor(channel: Channel, context: Context, options: FollowOptions) {
    this.#channel = channel;
    this.#context = context;
    this.#options = options;
    this.#cursor = options.afterSeq;
  }

  async run(): Promise<Execution | undefined> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      // Asked before reading: only what is read after the end is known is certain to be all.
      const { isOver, execution } = this.#channel;
      if (isOver && execution?.output && this.#cursor >= execution.output.records) return execution;
      const isAll = await this.#readOn();
      if (!isAll) continue;
      if (isOver) return execution;
      if (!this.#channel.isOver && this.#cursor >= this.#channel.deliveredSeq) await this.#live();
    }
    return undefined;
  }

  /** The execution is over: a live follower that has everything ends, another reads what is left. */
  over(_execution: Execution): void {
    this.#leaveLive?.();
  }

  behind(endSeq: number): void {
    if (this.#cursor < endSeq) this.#fallBehind('flood');
  }

  /** Tells the state at the beginning; changes heard before are part of it. */
  begin(execution: Execution): void {
    this.#hasBegun = true;
    if (isFinal(execution.status) || execution.status === 'requested' || execution.status === 'delayed') return;
    this.#options.onChange?.(execution);
  }

  changed(execution: Execution): void {
    if (this.#hasBegun) this.#options.onChange?.(execution);
  }

  /** Called for every follower at a flush; does nothing for one that is reading. */
  deliver(
    execution: Execution,
    segments: readonly OutputSegment[],
    from: number,
    to: number,
    shared: Map<string, Buffer>,
  ): void {
    if (!this.#leaveLive || this.#cursor >= to) return;
    if (this.#cursor < from) {
      this.#fallBehind('flood');
      return;
    }
    const { encoding, types, sink } = this.#options;
    const wanted = types ? segments.filter((segment) => types.includes(segment.type)) : segments;
    const cursor = this.#cursor;
    this.#cursor = to;
    if (wanted.length === 0) return;
    const key = `${encoding.key} ${types?.join() ?? ''} ${cursor}`;
    const bytes = shared.get(key) ?? encoding.encode(execution, wanted, cursor);
    shared.set(key, bytes);
    if (bytes.length > 0 && !sink.send(bytes)) this.#fallBehind('slow');
  }

  #fallBehind(reason: 'slow' | 'flood'): void {
    if (!this.#leaveLive) return;
    this.#context.metrics.readersBehind.of(reason).add();
    this.#leaveLive();
  }

  /** Sends one page. True where that was all there is. */
  async #readOn(): Promise<boolean> {
    const { types, sink, signal } = this.#options;
    using page = await this.#context.output.read(this.#channel.executionId, {
      afterSeq: this.#cursor,
      bytesMax: pageBytes,
      ...(types && { types }),
    });
    const cursor = this.#cursor;
    this.#cursor = Math.max(cursor, page.nextSeq);
    const execution = this.#channel.execution;
    if (page.segments.length > 0 && execution && !this.#sendPage(execution, page.segments, cursor))
      await sink.drained(signal);
    return this.#cursor >= page.endSeq;
  }

  #sendPage(execution: Execution, segments: readonly OutputSegment[], cursor: number): boolean {
    const { encoding, sink } = this.#options;
    if (encoding.text && sink.write) return sink.write(encoding.text(execution, segments, cursor));
    const bytes = encoding.encode(execution, segments, cursor);
    return bytes.length === 0 || sink.send(bytes);
  }

  /** Resolves when this follower has to read again, or is done. */
  async #live(): Promise<void> {
    const { sink, signal } = this.#options;
    // Gone while a page was read: nothing would wake it any more.
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const leave = () => {
        this.#leaveLive = undefined;
        signal.removeEventListener('abort', leave);
        resolve();
      };
      this.#leaveLive = leave;
      signal.addEventListener('abort', leave);
    });
    if (!signal.aborted) await sink.drained(signal);
  }
}
