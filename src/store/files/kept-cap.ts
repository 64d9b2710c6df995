/**
 * Bounds what a log keeps: of output beyond that, head and tail stay, and the middle is cut out of the raw file by
 * punching a hole, so that all offsets stay valid and the process goes on writing. A cut begins and ends where segments
 * do. It is stored in the head of the index before the hole is made; readers find a mark with its size there.
 *
 * Not cut is a log whose file the action emptied or overwrote: its output lies in two places.
 */
import { type OutputType, outputTypes } from '../../core/model/output-record.ts';
import type { IndexFile } from './index-file.ts';
import { type Cut, noCuts } from './index-head.ts';
import type { IndexEntry } from './output-index.ts';
import type { SegmentLog } from './segment-log.ts';

/** Less would leave no head and tail worth reading: a quarter of it is what a result shows of each end. */
export const capBytesMin = 1024 * 1024;
/** A hole is punched when the log has grown by this much beyond its cap, or by an eighth of it where that is less. */
const slackMax = 64 * 1024 * 1024;
/** Places where a cut may end: enough to be near the wanted one, few enough to be kept in memory. */
const placesPerCap = 64;

/** What all logs of a store share. */
export interface OutputCap {
  /** Kept of one execution's output; 0: all. */
  readonly bytesMax: number;
  /** Gives `length` bytes of a file from `start` on back to the disk; they read as zeros then. Rejects where that cannot be done. */
  punchHole(path: string, start: number, length: number): Promise<void>;
  /** The system cannot punch holes: nothing is cut any more. */
  refused(error: unknown): void;
}

export interface CapParts {
  readonly cap: OutputCap;
  readonly directory: string;
  readonly index: IndexFile;
  readonly log: SegmentLog;
  /** Whether the raw file of this type holds its output. */
  readonly isWhole: (type: OutputType) => boolean;
}

interface Place {
  readonly offset: number;
  /** Shown bytes before it. */
  readonly shown: number;
}

interface Growth {
  end: Place;
  /** Since the last cut. */
  places: Place[];
}

export class KeptCap {
  readonly #parts: CapParts;
  readonly #bytesMax: number;
  readonly #growth: Readonly<Record<OutputType, Growth>>;
  /** Shown bytes of the head, once there is a cut. */
  readonly #headShown: Record<OutputType, number> = { stdout: 0, stderr: 0, output: 0 };
  #cutting: Promise<void> | undefined;
  #isRefused = false;
  #isClosed = false;

  constructor(parts: CapParts) {
    this.#parts = parts;
    this.#bytesMax = Math.max(capBytesMin, parts.cap.bytesMax);
    const none = () => ({ end: { offset: 0, shown: 0 }, places: [] });
    this.#growth = { stdout: none(), stderr: none(), output: none() };
    parts.log.grew = (entries) => {
      this.grew(entries);
      this.cutIfNeeded();
    };
  }

  /** Nothing more is cut. */
  close(): void {
    this.#isClosed = true;
  }

  /** The log was cut before: `entries` are all it has. */
  resume(entries: readonly IndexEntry[]): void {
    this.grew(entries);
    for (const type of outputTypes) {
      const { from, to } = this.#cutOf(type);
      this.#growth[type].places = this.#growth[type].places.filter(({ offset }) => offset > to);
      const head = entries.filter((entry) => entry.type === type && entry.offset < from);
      if (to > 0) this.#headShown[type] = head.reduce((sum, { shown }) => sum + shown, 0);
    }
  }

  /** These were appended to the index. */
  grew(entries: readonly IndexEntry[]): void {
    for (const { type, offset, length, shown } of entries) {
      const growth = this.#growth[type];
      growth.end = { offset: Math.max(growth.end.offset, offset + length), shown: growth.end.shown + shown };
      const last = growth.places.at(-1) ?? { offset: this.#cutOf(type).to };
      // The first place ends the head.
      const isHead = growth.places.length === 0 && last.offset === 0;
      const step = isHead ? this.#bytesMax / 4 : this.#bytesMax / placesPerCap;
      if (growth.end.offset - last.offset >= step) growth.places.push(growth.end);
    }
  }

  /** Cuts where there is too much by now, in the background, one after the other. */
  cutIfNeeded(): void {
    if (this.#cutting || this.#isRefused || this.#isClosed) return;
    const kept = outputTypes.reduce((sum, type) => sum + this.#keptOf(type), 0);
    if (kept <= this.#bytesMax + Math.min(slackMax, this.#bytesMax / 8)) return;
    const [type] = outputTypes
      .filter((one) => this.#parts.isWhole(one))
      .sort((a, b) => this.#tailOf(b) - this.#tailOf(a));
    const cut = type && this.#wantedCut(type, kept - this.#bytesMax);
    if (!cut) return;
    this.#cutting = this.#cut(type, cut).finally(() => {
      this.#cutting = undefined;
    });
  }

  /** Resolves when nothing is being cut, and nothing that should be is left. */
  async settled(): Promise<void> {
    for (this.cutIfNeeded(); this.#cutting; this.cutIfNeeded()) await this.#cutting;
  }

  isCut(type: OutputType, offset: number): boolean {
    const { from, to } = this.#cutOf(type);
    return offset >= from && offset < to;
  }

  #cutOf(type: OutputType): Cut {
    return (this.#parts.index.head?.cuts ?? noCuts)[type];
  }

  #keptOf(type: OutputType): number {
    const { from, to } = this.#cutOf(type);
    return this.#growth[type].end.offset - (to - from);
  }

  #tailOf(type: OutputType): number {
    return this.#growth[type].end.offset - this.#cutOf(type).to;
  }

  /** From the head on, by as much as is too much; a quarter of the cap stays as the tail. Undefined where that leaves nothing. */
  #wantedCut(type: OutputType, tooMuch: number): Cut | undefined {
    const before = this.#cutOf(type);
    const { places, end } = this.#growth[type];
    const [first] = places;
    const begin = before.to > 0 ? before : first && { from: first.offset, to: first.offset, shownBytes: 0 };
    if (!begin) return undefined;
    const last = places.findLast(({ offset }) => offset <= end.offset - this.#bytesMax / 4);
    const wanted = places.find(({ offset }) => offset >= begin.to + tooMuch);
    const place = wanted && last && wanted.offset < last.offset ? wanted : last;
    if (!place || place.offset <= begin.to) return undefined;
    const headShown = before.to > 0 ? this.#headShown[type] : (first?.shown ?? 0);
    this.#headShown[type] = headShown;
    return { from: begin.from, to: place.offset, shownBytes: place.shown - headShown };
  }

  async #cut(type: OutputType, cut: Cut): Promise<void> {
    const { index, directory, log, cap } = this.#parts;
    const before = this.#cutOf(type);
    const start = before.to > 0 ? before.to : cut.from;
    try {
      index.setCut(type, cut);
      log.addLost(cut.shownBytes - before.shownBytes);
      await cap.punchHole(`${directory}/${type}`, start, cut.to - start);
      this.#growth[type].places = this.#growth[type].places.filter(({ offset }) => offset > cut.to);
    } catch (error) {
      this.#isRefused = true;
      if (this.#cutOf(type) === cut) {
        log.addLost(before.shownBytes - cut.shownBytes);
        index.setCut(type, before);
      }
      cap.refused(error);
    }
  }
}
