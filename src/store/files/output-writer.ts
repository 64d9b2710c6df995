/**
 * The writing side of an output log. The execution's processes append to raw files by themselves; this looks at them when
 * they grew (growth-watch.ts), decides which bytes may be shown, and appends an index entry for them. An entry is written
 * before anybody is told, so a follower never has seen what a restarted server does not know.
 */
import { promisify } from 'node:util';
import type { Clock } from '../../base/clock.ts';
import type { OutputSummary } from '../../core/model/execution.ts';
import { denseAboveLinesInFlood } from '../../core/model/output-segment.ts';
import { type OutputType, outputTypes } from '../../core/model/output-record.ts';
import type { KeptText, OutputListener, OutputWriter } from '../output-store.ts';
import { coalesceMs, GrowthWatch } from './growth-watch.ts';
import type { HeldBudget } from './held-bytes.ts';
import { HostNames, hostsPath } from './host-names.ts';
import { IndexFile, isNoRoom } from './index-file.ts';
import { noCuts } from './index-head.ts';
import { IndexReader } from './index-reader.ts';
import { keptShownText, keptText } from './kept-text.ts';
import type { LogRedaction } from './log-redaction.ts';
import { KeptCap, type OutputCap } from './kept-cap.ts';
import { lengthToShow, partialAfterMs } from './length-to-show.ts';
import type { LookBudget } from './look-budget.ts';
import { OutputLanes } from './output-lanes.ts';
import { type LogPaths, OutputSource } from './output-source.ts';
import { Refusals } from './refusals.ts';
import { resumeLog } from './resume-log.ts';
import type { RawChange, RawLoss } from './raw-change.ts';
import { RawFile, readBytesMax } from './raw-file.ts';
import { SegmentLog } from './segment-log.ts';

/** A file that is emptied again and again loses bytes each time: that is not said more often than this. */
const markAgainAfterUs = 1_000_000;

const turnOfOthers = promisify(setImmediate);

export interface WriterParts {
  readonly clock: Clock;
  readonly listener: OutputListener;
  readonly budget: LookBudget;
  readonly heldBudget: HeldBudget;
  readonly redaction: LogRedaction;
  /** Absent: all is kept. */
  readonly cap?: OutputCap | undefined;
  /** Called once, when nothing will be appended any more. */
  readonly closed: () => void;
}

interface TakenIn {
  readonly timeUs: number;
  readonly linesMax?: number;
  /** Nothing will follow these bytes. */
  readonly isInterrupted: boolean;
  /** Called once the bytes are in the index, before anybody is told. */
  readonly taken: () => void;
}

export class FileOutputWriter implements OutputWriter {
  readonly directory: string;
  readonly redaction: LogRedaction;
  readonly #clock: Clock;
  readonly #paths: LogPaths;
  readonly #closed: () => void;
  readonly #raw: Readonly<Record<OutputType, RawFile>>;
  readonly #index: IndexFile;
  readonly #watch: GrowthWatch;
  readonly #refusals: Refusals;
  readonly #log: SegmentLog;
  readonly #cap: KeptCap | undefined;
  /** Once output of hosts was written: from then on nothing is read from the files. */
  #lanes: OutputLanes | undefined;
  /** Lanes that the index knew of when it was opened. */
  #lanesBefore = 0;
  #isClosed = false;
  /**
   * How long the output of each type was when the end was announced. A process that was left behind may write for ever,
   * and faster than anybody reads: it is not waited for.
   */
  #end: Readonly<Record<OutputType, number>> | undefined;
  #sealed: Promise<OutputSummary> | undefined;

  /** Throws system errors, leaving nothing open. */
  constructor(paths: LogPaths, { clock, listener, budget, heldBudget, redaction, cap, closed }: WriterParts) {
    this.directory = paths.directory;
    this.#clock = clock;
    this.#paths = paths;
    this.#closed = closed;
    const raw = (type: OutputType) => new RawFile(paths.directory, type, heldBudget);
    this.#raw = { stdout: raw('stdout'), stderr: raw('stderr'), output: raw('output') };
    this.#index = new IndexFile(paths.index);
    this.redaction = redaction;
    this.#log = new SegmentLog(this.#index, listener, redaction);
    this.#refusals = new Refusals(clock, (error) => listener.failed?.(error));
    const isWhole = (type: OutputType) => !this.isCopied(type);
    const { directory } = this;
    this.#cap = cap && new KeptCap({ cap, directory, index: this.#index, log: this.#log, isWhole });
    const isThere = this.#resume();
    this.#watch = new GrowthWatch(paths.directory, {
      clock,
      budget,
      isWanted: () => listener.isWanted(),
      look: (type, wasTold) => this.#pump(type, wasTold ? 'told' : 'asked'),
      isUrgent: (type) => this.#raw[type].hasShrunk(),
      failed: (error) => this.#refusals.report(error),
    });
    if (isThere) this.#watch.lookAtAll();
  }

  get endSeq(): number {
    return this.#log.endSeq;
  }

  get bytes(): number {
    return this.#log.summary.bytes;
  }

  write(type: OutputType, bytes: Uint8Array, host?: string): void {
    if (this.#isClosed) return;
    if (host !== undefined) this.#lanes ??= this.#openLanes();
    if (this.#lanes) {
      this.#lanes.write(type, bytes, host);
      return;
    }
    this.#raw[type].append([bytes]);
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
    this.#lanes?.flush();
  }

  async kept(type: OutputType, bytesMax: number): Promise<KeptText> {
    const { offset } = this.#raw[type];
    if (offset === 0) return { text: '', cutBytes: 0 };
    const { redactor } = this.redaction;
    const held = offset > bytesMax || this.#hasLanes ? undefined : this.heldOutput(type, 0, offset);
    // Three turns through the thread pool would cost ten times as much.
    const text = held && (redactor ? redactor.redactInterrupted(held) : held);
    if (text && text.length <= bytesMax) return { text: text.toString('utf8'), cutBytes: 0 };
    const isCut = this.#index.head !== undefined && this.#index.head.cuts[type].to > 0;
    if (!redactor && !isCut) return keptText({ directory: this.directory, type }, offset, bytesMax);
    const index = await IndexReader.open(this.#paths.index);
    const source = new OutputSource(this.#paths, this.#index.head ?? { cuts: noCuts }, redactor, this);
    try {
      return index ? await keptShownText(index, source, type, bytesMax) : { text: '', cutBytes: 0 };
    } finally {
      await Promise.all([index?.close(), source.close()]);
    }
  }

  /** What is read at once may be of several hosts, and must not be taken for one text. */
  get #hasLanes(): boolean {
    return this.#lanes !== undefined || this.#lanesBefore > 0;
  }

  /** Output for a reader, where it is in memory; a view, valid until others get their turn. */
  heldOutput(type: OutputType, offset: number, length: number): Buffer | undefined {
    return this.#raw[type].heldOutput(offset, length);
  }

  isCut(type: OutputType, offset: number): boolean {
    return this.#cap?.isCut(type, offset) === true;
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
      this.#lanes?.close();
      this.#countUnindexed();
      await this.#cap?.settled();
      if (this.bytes > 0) await this.#sync();
    } finally {
      this.#close();
    }
    return this.#log.summary;
  }

  /** Not repeated where it fails: the system forgets what it could not write and would say yes the second time. */
  async #sync(): Promise<void> {
    const files = [...Object.values(this.#raw), this.#index, ...(this.#lanes ? [this.#lanes] : [])];
    // All are waited for, so that no descriptor is closed, and given to another file, below one that is under way.
    for (const one of await Promise.allSettled(files.map((file) => file.sync())))
      if (one.status === 'rejected') throw one.reason;
  }

  /** What could not be indexed for want of room is lost to readers: say so, at least in the summary. */
  #countUnindexed(): void {
    if (!this.#log.isFull) return;
    const missing = Object.values(this.#raw).reduce((sum, raw) => sum + raw.unread, 0);
    if (missing > 0 && !this.#appendLost(this.#raw.stderr, missing, 1)) this.#log.addLost(missing);
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#takeInLanes();
    this.#isClosed = true;
    this.#cap?.close();
    this.#closed();
    this.#watch[Symbol.dispose]();
    this.#closeFiles();
  }

  /** What waits in memory is nowhere else: the next server would not find it. */
  #takeInLanes(): void {
    try {
      this.#lanes?.flush();
    } catch (error) {
      this.#refusals.report(error);
    }
    this.#lanes?.close();
  }

  #closeFiles(): void {
    this.#index.close();
    for (const raw of Object.values(this.#raw)) raw[Symbol.dispose]();
  }

  /** False where nothing was ever printed. */
  #resume(): boolean {
    const raws = Object.values(this.#raw);
    try {
      const entries = resumeLog(this.#index, raws, this.redaction);
      this.#log.resume(entries ?? []);
      this.#cap?.resume(entries ?? []);
      this.#lanesBefore = (entries ?? []).reduce((most, { lane }) => Math.max(most, lane), 0);
      for (const raw of raws) this.#accountLost(raw);
      return entries !== undefined;
    } catch (error) {
      this.#closeFiles();
      throw error;
    }
  }

  /** From now on the server alone writes this log. What was read from the files so far comes first. */
  #openLanes(): OutputLanes {
    const hosts = new HostNames(hostsPath(this.#paths.index), this.#lanesBefore);
    for (const type of outputTypes) while (this.#pump(type, 'at end'));
    this.#watch[Symbol.dispose]();
    const own = { clock: this.#clock, raws: this.#raw, log: this.#log, refusals: this.#refusals };
    return new OutputLanes({ ...own, hosts, redaction: this.redaction });
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
    const nowUs = this.#clock.monotonicUs();
    const waitedMs = raw.partialSinceUs === undefined ? 0 : (nowUs - raw.partialSinceUs) / 1000;
    // A line longer than a record needs no waiting: its beginning will be a record of its own anyway.
    const { redactor, patient } = this.redaction;
    const wish = { waitedMs, isEnd, isAll: length < readBytesMax, redactor, patient };
    const { length: visible, isInterrupted } = lengthToShow(found, wish);
    const linesMax = length === readBytesMax ? { linesMax: denseAboveLinesInFlood } : {};
    const taken = () => raw.taken(found, visible);
    if (visible === 0) taken();
    else {
      const piece = { timeUs: this.#clock.nowUs(), ...linesMax, isInterrupted, taken };
      if (!this.#take(raw, found.subarray(0, visible), piece)) return false;
    }
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
   * The file changed otherwise than by growth (see raw-change.ts): what was read from it stays, and what is new in it comes
   * next. False where there is no room on the disk for that; the change will be found again.
   */
  #follow(raw: RawFile, change: RawChange): boolean {
    try {
      if (change.kind === 'hole') raw.skip(change.length);
      else return this.#followLoss(raw, change);
      return true;
    } catch (error) {
      if (isNoRoom(error)) return this.#log.full();
      throw error;
    }
  }

  #followLoss(raw: RawFile, loss: RawLoss): boolean {
    const nowUs = this.#clock.monotonicUs();
    // How much came and went unseen nobody can say. Where it happens once, between two lines of a script, it is most
    // likely nothing; where bytes were known to wait, or this happens all the time, or several write over each other, it
    // is most likely something.
    const isMissing = raw.hadUnread || loss.kind === 'overwritten' || (nowUs - raw.changedUs) / 1000 < coalesceMs;
    raw.save(loss);
    this.#accountLost(raw);
    const at = { timeUs: this.#clock.nowUs(), isInterrupted: true };
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

  #take(raw: RawFile, bytes: Buffer, { taken, ...rest }: TakenIn): boolean {
    try {
      raw.keep(bytes);
    } catch (error) {
      if (isNoRoom(error)) return this.#log.full();
      throw error;
    }
    const { type, offset } = raw;
    return this.#log.append([{ type, lane: 0, offset, bytes, ...rest }], taken);
  }

  #appendLost({ type, offset }: RawFile, lostBytes: number, records: 0 | 1): boolean {
    return this.#log.appendLost({ type, offset, timeUs: this.#clock.nowUs() }, lostBytes, records);
  }

  /**
   * Output that was in the log and can no longer be read counts as lost, by an entry without a record: followers have seen
   * it, and who reads later finds its own records marked (output-reader.ts).
   */
  #accountLost(raw: RawFile): void {
    const missing = raw.lostBytes - raw.accountedBytes;
    if (missing > 0 && this.#appendLost(raw, missing, 0)) raw.accountedBytes += missing;
  }
}
