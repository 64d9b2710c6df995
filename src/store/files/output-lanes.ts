/**
 * Output that the server itself takes in, from many hosts at once. What a host has not finished waits in memory, one
 * buffer per host and type; what may be shown is appended to the raw file and to the index together, so that a segment is
 * bytes of one host, and lines of different hosts are never torn into each other.
 *
 * A log with lanes is written by the server alone: no process appends to its files meanwhile.
 */
import type { Clock } from '../../base/clock.ts';
import type { OutputType } from '../../core/model/output-record.ts';
import { pieceBytesMax } from '../../core/model/output-segment.ts';
import { coalesceMs } from './growth-watch.ts';
import type { HostNames } from './host-names.ts';
import { isNoRoom } from './index-file.ts';
import type { LogRedaction } from './log-redaction.ts';
import { lengthToShow, partialAfterMs } from './length-to-show.ts';
import { type RawFile, readBytesMax } from './raw-file.ts';
import type { Refusals } from './refusals.ts';
import type { Piece, SegmentLog } from './segment-log.ts';

/** What waits in all lanes of a log while the disk is full or the system refuses; beyond that it is lost, and counted. */
const waitingBytesMax = 4 * 1024 * 1024;
/** A disk that is full or fails is not asked more often than this. */
const retryAfterMs = 1_000;

export interface LaneParts {
  readonly clock: Clock;
  readonly raws: Readonly<Record<OutputType, RawFile>>;
  readonly log: SegmentLog;
  readonly hosts: HostNames;
  readonly refusals: Refusals;
  readonly redaction: LogRedaction;
}

interface Lane {
  readonly type: OutputType;
  readonly lane: number;
  readonly host: string | undefined;
  /** Not shown yet: the first `length` bytes. */
  buffer: Buffer;
  length: number;
  /** Since when its first byte waits. */
  sinceUs: number;
}

interface Shown extends Piece {
  readonly from: Lane;
}

/** A lane has at least this much memory, and keeps up to that much of it while nothing waits. */
const firstBytes = 256;
const keptBytesMax = 1024;

const nothing = Buffer.alloc(0);

export class OutputLanes implements Disposable {
  readonly #parts: LaneParts;
  /** By type and host. */
  readonly #lanes = new Map<string, Lane>();
  /** With bytes that nobody looked at, in the order in which they came. */
  readonly #grown = new Set<Lane>();
  /** With an unfinished line. */
  readonly #unfinished = new Set<Lane>();
  #waitingBytes = 0;
  #lookedUs = Number.NEGATIVE_INFINITY;
  #cancelLook: (() => void) | undefined;
  #cancelLater: (() => void) | undefined;
  /** Could not be kept, and is not marked yet. */
  #lostBytes = 0;
  #isClosed = false;

  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  write(type: OutputType, bytes: Uint8Array, host: string | undefined): void {
    if (this.#isClosed) return;
    const lane = this.#lane(type, host);
    const nowUs = this.#parts.clock.monotonicUs();
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + pieceBytesMax);
      if (lane.length === 0) lane.sinceUs = nowUs;
      hold(lane, part);
      this.#waitingBytes += part.length;
      this.#grown.add(lane);
      at += part.length;
      if (this.#waitingBytes >= readBytesMax || lane.length >= pieceBytesMax) this.#lookGuarded();
    }
    const quietMs = (nowUs - this.#lookedUs) / 1000;
    if (quietMs >= coalesceMs) this.#lookGuarded();
    else this.#cancelLook ??= this.#parts.clock.after(coalesceMs - quietMs, () => this.#lookGuarded());
  }

  /** Takes in all there is, unfinished or not. Throws what the system refuses again and again. */
  flush(): void {
    for (const lane of this.#lanes.values()) if (lane.length > 0) this.#grown.add(lane);
    while (this.#grown.size > 0 && this.#parts.refusals.atOnce(() => this.#look(true)));
    this.#markLost();
  }

  /** No more is taken in; what still waits is lost. */
  close(): void {
    if (this.#isClosed) return;
    this[Symbol.dispose]();
    this.#lostBytes += this.#waitingBytes;
    if (this.#lostBytes > 0 && !this.#markLost()) this.#parts.log.addLost(this.#lostBytes);
  }

  sync(): Promise<void> {
    return this.#parts.hosts.sync();
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#cancelLook?.();
    this.#cancelLater?.();
    this.#parts.hosts[Symbol.dispose]();
  }

  #lane(type: OutputType, host: string | undefined): Lane {
    const key = `${type} ${host ?? ''}`;
    let lane = this.#lanes.get(key);
    if (!lane) {
      const number = host === undefined ? 0 : this.#parts.hosts.laneOf(host);
      lane = { type, lane: number, host, buffer: nothing, length: 0, sinceUs: 0 };
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  /** For those who cannot do anything about a refusal: it is told, and the bytes wait. */
  #lookGuarded(): void {
    try {
      if (this.#look(false)) return;
    } catch (error) {
      this.#parts.refusals.report(error);
    }
    this.#giveUpSome();
    this.#cancelLook ??= this.#parts.clock.after(retryAfterMs, () => this.#lookGuarded());
  }

  /** Appends what may be shown of the lanes that grew. False where there is no room. */
  #look(isEnd: boolean): boolean {
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    const timeUs = this.#parts.clock.nowUs();
    this.#lookedUs = this.#parts.clock.monotonicUs();
    const { redactor, patient } = this.#parts.redaction;
    const shown: Shown[] = [];
    const ends = new Map<OutputType, number>();
    for (const lane of this.#grown) {
      const found = lane.buffer.subarray(0, Math.min(lane.length, readBytesMax));
      const waitedMs = (this.#lookedUs - lane.sinceUs) / 1000;
      const isAll = found.length === lane.length;
      const { length, isInterrupted } = lengthToShow(found, { waitedMs, isEnd, isAll, redactor, patient });
      if (length === 0) continue;
      const { type, host, lane: number } = lane;
      const offset = ends.get(type) ?? this.#parts.raws[type].offset;
      ends.set(type, offset + length);
      const bytes = found.subarray(0, length);
      shown.push({ type, lane: number, host, offset, bytes, timeUs, isInterrupted, from: lane });
    }
    if (shown.length > 0 && !this.#append(shown, [...ends.keys()])) return false;
    const waiting = [...this.#grown].filter((lane) => lane.length > 0);
    this.#grown.clear();
    for (const lane of waiting) (isEnd ? this.#grown : this.#unfinished).add(lane);
    if (!isEnd && waiting.length > 0) this.#lookLater();
    return true;
  }

  #append(shown: readonly Shown[], types: readonly OutputType[]): boolean {
    const { raws, log } = this.#parts;
    const undo = () => {
      for (const type of types) raws[type].cutUnindexed();
    };
    try {
      for (const type of types)
        raws[type].append(shown.filter((piece) => piece.type === type).map(({ bytes }) => bytes));
      if (log.append(shown, () => this.#taken(shown))) return true;
    } catch (error) {
      undo();
      if (isNoRoom(error)) return log.full();
      throw error;
    }
    undo();
    return false;
  }

  #taken(shown: readonly Shown[]): void {
    for (const { type, bytes, from } of shown) {
      this.#parts.raws[type].appended(bytes);
      this.#waitingBytes -= bytes.length;
      drop(from, bytes.length);
      from.sinceUs = this.#lookedUs;
      if (from.length === 0) this.#unfinished.delete(from);
    }
  }

  #lookLater(): void {
    this.#cancelLater ??= this.#parts.clock.after(partialAfterMs, () => {
      this.#cancelLater = undefined;
      for (const lane of this.#unfinished) this.#grown.add(lane);
      this.#unfinished.clear();
      this.#lookGuarded();
    });
  }

  /** Of a log that cannot be written, what came first is given up for what comes now. */
  #giveUpSome(): void {
    for (const lane of this.#lanes.values()) {
      if (this.#waitingBytes <= waitingBytesMax) return;
      this.#lostBytes += lane.length;
      this.#waitingBytes -= lane.length;
      drop(lane, lane.length);
    }
  }

  #markLost(): boolean {
    if (this.#lostBytes === 0) return true;
    const { log, raws, clock } = this.#parts;
    const at = { type: 'stderr', offset: raws.stderr.offset, timeUs: clock.nowUs() } as const;
    if (!log.appendLost(at, this.#lostBytes, 1)) return false;
    this.#lostBytes = 0;
    return true;
  }
}

function hold(lane: Lane, bytes: Uint8Array): void {
  const length = lane.length + bytes.length;
  if (length > lane.buffer.length) {
    const larger = Buffer.allocUnsafeSlow(Math.max(firstBytes, length, 2 * lane.buffer.length));
    lane.buffer.copy(larger, 0, 0, lane.length);
    lane.buffer = larger;
  }
  lane.buffer.set(bytes, lane.length);
  lane.length = length;
}

/** Memory is given back with the last byte: a thousand hosts may have had long lines once. */
function drop(lane: Lane, length: number): void {
  lane.buffer.copyWithin(0, length, lane.length);
  lane.length -= length;
  if (lane.length === 0 && lane.buffer.length > keptBytesMax) lane.buffer = nothing;
}
