/**
 * The writing side of an output log. The execution's processes append to raw files by themselves; this looks at them when
 * they grew (growth-watch.ts), decides which bytes may be shown, and appends an index entry for them. An entry is written
 * before anybody is told, so a follower never has seen what a restarted server does not know.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Clock } from '../../base/clock.ts';
import type { OutputSummary } from '../../core/model/execution.ts';
import {
  denseAboveLines,
  denseAboveLinesInFlood,
  measure,
  type OutputSegment,
  pieceBytesMax,
  visibleLength,
} from '../../core/model/output-segment.ts';
import { type OutputType, outputTypes } from '../../core/model/output-record.ts';
import type { KeptText, OutputListener, OutputWriter } from '../output-store.ts';
import { coalesceMs, GrowthWatch } from './growth-watch.ts';
import type { HeldBudget } from './held-bytes.ts';
import { IndexFile, isNoRoom } from './index-file.ts';
import { keptText } from './kept-text.ts';
import type { LookBudget } from './look-budget.ts';
import type { IndexEntry } from './output-index.ts';
import { addEntry, type LogPaths } from './output-reader.ts';
import { Refusals } from './refusals.ts';
import { resumeLog } from './resume-log.ts';
import { RawFile, type RawChange, type RawLoss, readBytesMax } from './raw-file.ts';

/** An unfinished line is shown after this long: prompts and progress without a line end (spec/output-streaming.md §2). */
const partialAfterMs = 100;
/**
 * A timer may fire up to a millisecond early, and the clock's microseconds may be off by another: without this allowance
 * one unfinished line in four was not yet old enough at its look and waited twice as long.
 */
const timerEarlyMs = 2;
/** From here on a segment is a part of a flood, which followers read from the log instead. */
const longBytes = 64 * 1024;
/** A file that is emptied again and again loses bytes each time: that is not said more often than this. */
const markAgainAfterUs = 1_000_000;

const turnOfOthers = promisify(setImmediate);

export interface WriterParts {
  readonly clock: Clock;
  readonly listener: OutputListener;
  readonly budget: LookBudget;
  readonly heldBudget: HeldBudget;
  /** Called once, when nothing will be appended any more. */
  readonly closed: () => void;
}

interface TakenIn {
  readonly timeUs: number;
  readonly linesMax: number;
  /** Called once the bytes are in the index, before anybody is told. */
  readonly taken: () => void;
}

export class FileOutputWriter implements OutputWriter {
  readonly directory: string;
  readonly #clock: Clock;
  readonly #listener: OutputListener;
  readonly #closed: () => void;
  readonly #raw: Readonly<Record<OutputType, RawFile>>;
  readonly #index: IndexFile;
  readonly #watch: GrowthWatch;
  readonly #refusals: Refusals;
  #summary: OutputSummary = { records: 0, lines: 0, bytes: 0, lost_bytes: 0 };
  #isFull = false;
  #isClosed = false;
  /**
   * How long the output of each type was when the end was announced. A process that was left behind may write for ever,
   * and faster than anybody reads: it is not waited for.
   */
  #end: Readonly<Record<OutputType, number>> | undefined;
  #sealed: Promise<OutputSummary> | undefined;

  /** Throws system errors, leaving nothing open. */
  constructor(paths: LogPaths, { clock, listener, budget, heldBudget, closed }: WriterParts) {
    this.directory = paths.directory;
    this.#clock = clock;
    this.#listener = listener;
    this.#closed = closed;
    const raw = (type: OutputType) => new RawFile(paths.directory, type, heldBudget);
    this.#raw = { stdout: raw('stdout'), stderr: raw('stderr'), output: raw('output') };
    this.#index = new IndexFile(paths.index);
    this.#refusals = new Refusals(clock, (error) => listener.failed?.(error));
    const entries = this.#resume();
    this.#watch = new GrowthWatch(paths.directory, {
      clock,
      budget,
      isWanted: () => listener.isWanted(),
      look: (type, wasTold) => this.#pump(type, wasTold ? 'told' : 'asked'),
      isUrgent: (type) => this.#raw[type].hasShrunk(),
      failed: (error) => this.#refusals.report(error),
    });
    if (entries) this.#watch.lookAtAll();
  }

  get endSeq(): number {
    return this.#summary.records;
  }

  get bytes(): number {
    return this.#summary.bytes;
  }

  write(type: OutputType, bytes: Uint8Array): void {
    const fd = openSync(`${this.directory}/${type}`, 'a', 0o600);
    try {
      writeSync(fd, bytes);
    } finally {
      closeSync(fd);
    }
    this.#raw[type].open();
    this.#pump(type, 'asked');
  }

  markLost(bytes: number): void {
    this.#appendLost(this.#raw.stderr, bytes, 1);
  }

  async catchUp(): Promise<void> {
    this.#end ??= await this.#refusals.persistently(() => this.#measureEnd());
    for (const type of outputTypes) {
      const raw = this.#raw[type];
      while (raw.offset < this.#end[type] && (await this.#refusals.persistently(() => this.#pump(type, 'asked'))))
        await turnOfOthers();
    }
  }

  flush(): void {
    const end = this.#end ?? this.#refusals.atOnce(() => this.#measureEnd());
    for (const type of outputTypes)
      while (this.#raw[type].offset < end[type] && this.#refusals.atOnce(() => this.#pump(type, 'at end')));
  }

  async kept(type: OutputType, bytesMax: number): Promise<KeptText> {
    const { offset } = this.#raw[type];
    if (offset === 0) return { text: '', cutBytes: 0 };
    const held = offset > bytesMax ? undefined : this.heldOutput(type, 0, offset);
    // Three turns through the thread pool would cost ten times as much.
    if (held) return { text: held.toString('utf8'), cutBytes: 0 };
    return keptText({ directory: this.directory, type }, offset, bytesMax);
  }

  /** Output for a reader, where it is in memory; a view, valid until others get their turn. */
  heldOutput(type: OutputType, offset: number, length: number): Buffer | undefined {
    return this.#raw[type].heldOutput(offset, length);
  }

  /** Whether readers find the output of this type in another place than the raw file. */
  isCopied(type: OutputType): boolean {
    return this.#raw[type].isCopied;
  }

  seal(): Promise<OutputSummary> {
    this.#sealed ??= this.#seal();
    return this.#sealed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Who sealed it was told how that went; here it matters only that it is over.
    if (this.#sealed) await Promise.allSettled([this.#sealed]);
    else this.#close();
  }

  async #seal(): Promise<OutputSummary> {
    try {
      await this.catchUp();
      this.flush();
      this.#watch[Symbol.dispose]();
      this.#countUnindexed();
      if (this.#summary.bytes > 0) await this.#sync();
    } finally {
      this.#close();
    }
    return this.#summary;
  }

  /** Not repeated where it fails: the system forgets what it could not write and would say yes the second time. */
  async #sync(): Promise<void> {
    const syncing = [...Object.values(this.#raw).map((raw) => raw.sync()), this.#index.sync()];
    // All are waited for, so that no descriptor is closed, and given to another file, below one that is under way.
    for (const one of await Promise.allSettled(syncing)) if (one.status === 'rejected') throw one.reason;
  }

  /** What could not be indexed for want of room is lost to readers: say so, at least in the summary. */
  #countUnindexed(): void {
    if (!this.#isFull) return;
    const missing = Object.values(this.#raw).reduce((sum, raw) => sum + raw.unread, 0);
    if (missing === 0) return;
    const before = this.#summary;
    this.markLost(missing);
    if (this.#summary === before) this.#summary = { ...before, lost_bytes: before.lost_bytes + missing };
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closed();
    this.#watch[Symbol.dispose]();
    this.#closeFiles();
  }

  #closeFiles(): void {
    this.#index.close();
    for (const raw of Object.values(this.#raw)) raw[Symbol.dispose]();
  }

  #resume(): readonly IndexEntry[] | undefined {
    const raws = Object.values(this.#raw);
    try {
      const entries = resumeLog(this.#index, raws);
      this.#summary = (entries ?? []).reduce(addEntry, this.#summary);
      for (const raw of raws) this.#accountLost(raw);
      return entries;
    } catch (error) {
      this.#closeFiles();
      throw error;
    }
  }

  /** How long the output is now, after a last look at whether the files are what was read. */
  #measureEnd(): Readonly<Record<OutputType, number>> {
    const end = (type: OutputType) => {
      const raw = this.#raw[type];
      const loss = this.#isClosed ? undefined : raw.verify();
      if (loss) this.#follow(raw, loss);
      return raw.offset + raw.unread;
    };
    return { stdout: end('stdout'), stderr: end('stderr'), output: end('output') };
  }

  /** Reads once and indexes what may be shown. True where there may be more to read at once. */
  #pump(type: OutputType, why: 'told' | 'asked' | 'at end'): boolean {
    const raw = this.#raw[type];
    if (this.#isClosed) return false;
    const isEnd = why === 'at end';
    let found = raw.look(why === 'told');
    if (!Buffer.isBuffer(found)) {
      if (!this.#follow(raw, found)) return false;
      found = raw.look(false);
      // Changed again meanwhile. At the end, who goes on with that is not waited for.
      if (!Buffer.isBuffer(found)) return !isEnd;
    }
    if (found.length === 0) return false;
    return this.#show(raw, found, isEnd);
  }

  #show(raw: RawFile, found: Buffer, isEnd: boolean): boolean {
    const { length } = found;
    const nowUs = this.#clock.nowUs();
    const waitedMs = raw.partialSinceUs === undefined ? 0 : (nowUs - raw.partialSinceUs) / 1000;
    // A line longer than a record needs no waiting: its beginning will be a record of its own anyway.
    const flushPartial = isEnd || waitedMs >= partialAfterMs - timerEarlyMs || length >= pieceBytesMax;
    let visible = visibleLength(found, flushPartial && visibleLength(found, false) === 0);
    if (isEnd && visible === 0) visible = length;
    const linesMax = length === readBytesMax ? denseAboveLinesInFlood : denseAboveLines;
    const taken = () => raw.taken(found, visible);
    if (visible === 0) taken();
    else if (!this.#take(raw, found.subarray(0, visible), { timeUs: nowUs, linesMax, taken })) return false;
    if (visible === length) raw.partialSinceUs = undefined;
    else {
      raw.partialSinceUs = visible > 0 ? nowUs : (raw.partialSinceUs ?? nowUs);
      if (!isEnd) this.#lookAgainForPartial();
    }
    return length === readBytesMax || (isEnd && visible < length);
  }

  #lookAgainForPartial(): void {
    this.#watch.lookLater(partialAfterMs, () =>
      outputTypes.filter((type) => this.#raw[type].partialSinceUs !== undefined),
    );
  }

  /**
   * The file changed otherwise than by growth (see raw-file.ts): what was read from it stays, and what is new in it comes
   * next. False where there is no room on the disk for that; the change will be found again.
   */
  #follow(raw: RawFile, change: RawChange): boolean {
    try {
      if (change.kind === 'hole') raw.skip(change.length);
      else return this.#followLoss(raw, change);
      return true;
    } catch (error) {
      if (isNoRoom(error)) return this.#full();
      throw error;
    }
  }

  #followLoss(raw: RawFile, loss: RawLoss): boolean {
    const nowUs = this.#clock.nowUs();
    // How much came and went unseen nobody can say. Where it happens once, between two lines of a script, it is most
    // likely nothing; where bytes were known to wait, or this happens all the time, or several write over each other, it
    // is most likely something.
    const isMissing = raw.hadUnread || loss.kind === 'overwritten' || (nowUs - raw.changedUs) / 1000 < coalesceMs;
    raw.save(loss);
    this.#accountLost(raw);
    const at = { timeUs: nowUs, linesMax: denseAboveLines };
    // Seen, but not shown yet: an unfinished line. Nothing will finish it.
    if (raw.pending.length > 0 && !this.#take(raw, raw.pending, { ...at, taken: () => raw.pendingTaken() }))
      return false;
    raw.partialSinceUs = undefined;
    raw.changedUs = nowUs;
    if (isMissing && nowUs - raw.markedUs >= markAgainAfterUs && this.#appendLost(raw, -1, 1)) raw.markedUs = nowUs;
    if (loss.kind === 'begun anew') {
      raw.begin();
      return true;
    }
    raw.prepareOverwrite(loss.bytes.length);
    return this.#take(raw, loss.bytes, { ...at, taken: () => raw.overwritten(loss.at, loss.bytes) });
  }

  #take(raw: RawFile, bytes: Buffer, { timeUs, linesMax, taken }: TakenIn): boolean {
    const { lines, records, isDense } = measure(bytes, linesMax);
    const entry = {
      type: raw.type,
      isDense,
      records,
      lines,
      length: bytes.length,
      offset: raw.offset,
      lostBytes: 0,
      firstSeq: this.endSeq + 1,
      timeUs,
    };
    try {
      raw.keep(bytes);
    } catch (error) {
      if (isNoRoom(error)) return this.#full();
      throw error;
    }
    return this.#append(entry, bytes, taken);
  }

  /** False where the disk is full: the bytes stay unindexed and are taken in at the next look. */
  #append(entry: IndexEntry, bytes: Buffer, taken: () => void): boolean {
    if (!this.#index.append(entry)) return this.#full();
    this.#isFull = false;
    this.#summary = addEntry(this.#summary, entry);
    // Copied before it is `taken`: what is held, and shown now, may be given up by that.
    const segment = entry.records > 0 && this.#listener.isWanted() ? this.#segment(entry, bytes) : undefined;
    taken();
    if (segment === 'long') this.#listener.grew?.(this.endSeq);
    else if (segment) this.#listener.appended([segment]);
    return true;
  }

  #segment(entry: IndexEntry, bytes: Buffer): OutputSegment | 'long' {
    const isLong = bytes.length > longBytes;
    if (isLong && this.#listener.grew && this.#listener.wantsLong?.() === false) return 'long';
    // The read buffer is used again at once: who gets bytes gets a copy.
    return { ...entry, bytes: Buffer.from(bytes) };
  }

  #appendLost(raw: RawFile, lostBytes: number, records: 0 | 1): boolean {
    const place = { type: raw.type, offset: raw.offset, length: 0, lines: 0, isDense: false };
    const entry = { ...place, records, lostBytes, firstSeq: this.endSeq + 1, timeUs: this.#clock.nowUs() };
    return this.#append(entry, Buffer.alloc(0), () => {});
  }

  /**
   * Output that was in the log and can no longer be read counts as lost, by an entry without a record: followers have seen
   * it, and who reads later finds its own records marked (output-reader.ts).
   */
  #accountLost(raw: RawFile): void {
    const missing = raw.lostBytes - raw.accountedBytes;
    if (missing > 0 && this.#appendLost(raw, missing, 0)) raw.accountedBytes += missing;
  }

  #full(): false {
    if (!this.#isFull) this.#listener.storageFull();
    this.#isFull = true;
    return false;
  }
}
