/**
 * One type's raw file as the log's writer reads it: where reading goes on, and what to do when the file is no longer the
 * one that was read. The execution's processes append to it by themselves, but what they are given is a file, and a
 * file can be opened again by its descriptor: `echo x > /dev/stderr` empties it, `cmd | tee /dev/stderr` writes into the
 * midst of it, where others append meanwhile. With a pipe neither would happen, so nobody expects it.
 *
 * From the first such change on all output is copied (output-copy.ts). What cannot be seen: bytes that came and went
 * between two looks, a file that was emptied and given the same text with more behind it, and changes far before the
 * place of reading in a file too long to be held.
 */
import {
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writevSync,
} from 'node:fs';
import { promisify } from 'node:util';
import { measure } from '../../core/model/output-segment.ts';
import type { OutputType } from '../../core/model/output-record.ts';
import type { Redactor } from '../../core/model/redaction.ts';
import { HeldBytes, type HeldBudget, wholeBytesMax, witnessBytes } from './held-bytes.ts';
import { shownBytes } from './log-redaction.ts';
import { OutputCopy, copyPath } from './output-copy.ts';
import type { IndexEntry } from './output-index.ts';
import { changeOf, type RawChange, type RawLoss, zerosAtStart } from './raw-change.ts';

/**
 * One read, and so the largest segment: bounds what every reader holds at a time, and how long the event loop is held.
 */
export const readBytesMax = 256 * 1024;

/** Shared by all logs: a read is synchronous and copied out before the next one. */
const readBuffer = Buffer.allocUnsafeSlow(readBytesMax + wholeBytesMax);

const sync = promisify(fdatasync);

export class RawFile implements Disposable {
  readonly type: OutputType;
  readonly #path: string;
  readonly #directory: string;
  readonly #held: HeldBytes;
  #fd: number | undefined;
  /** For what the server itself prints. */
  #appendFd: number | undefined;
  #copy: OutputCopy | undefined;
  #offset = 0;
  /** Place in the file of the output's `offset`. */
  #position = 0;
  /** How long the file was known to be without having been read that far. */
  #heardOf = 0;
  /** When the file was last modified, as of the last read of a file that is held whole. */
  #modifiedMs = 0;
  #isClosed = false;
  /** When the unfinished line at the end was first seen. */
  partialSinceUs: number | undefined;
  /** When a change was last found, and when it was last said that bytes are missing by it. */
  changedUs = Number.NEGATIVE_INFINITY;
  markedUs = Number.NEGATIVE_INFINITY;
  /** How many of `lostBytes` the index says. */
  accountedBytes = 0;

  constructor(directory: string, type: OutputType, budget: HeldBudget) {
    this.type = type;
    this.#directory = directory;
    this.#path = `${directory}/${type}`;
    this.#held = new HeldBytes(budget);
  }

  /** Bytes of output that are in the index. */
  get offset(): number {
    return this.#offset;
  }

  get isCopied(): boolean {
    return this.#copy !== undefined;
  }

  /** So many bytes at the beginning of the output are lost. */
  get lostBytes(): number {
    return this.#copy?.head.isHeadLost ? this.#copy.head.from : 0;
  }

  /** Bytes of the file that are not in the index. */
  get unread(): number {
    return Math.max(0, this.#size() - this.#position);
  }

  /** Whether there was output that nobody read, before the file changed. */
  get hadUnread(): boolean {
    return this.#heardOf > this.#held.end;
  }

  /** Made here if need be, so that a want of descriptors shows before anything runs. */
  open(): void {
    if (this.#isClosed) return;
    this.#fd ??= openSync(this.#path, constants.O_RDONLY | constants.O_CREAT, 0o600);
  }

  openIfThere(): void {
    if (existsSync(this.#path)) this.open();
  }

  /** Writes behind all there is, as processes do. Throws system errors; ENOSPC also where only a part of it fitted. */
  append(parts: readonly Uint8Array[]): void {
    if (this.#isClosed) return;
    this.open();
    this.#appendFd ??= openSync(this.#path, constants.O_WRONLY | constants.O_APPEND);
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    if (writevSync(this.#appendFd, parts) < length)
      throw Object.assign(new Error(`ENOSPC: no room for the end of a write, ${this.#path}`), { code: 'ENOSPC' });
  }

  /** What was appended last could not be indexed, and nobody else appends. */
  cutUnindexed(): void {
    if (this.#appendFd !== undefined && this.unread > 0) ftruncateSync(this.#appendFd, this.#position);
  }

  /** These bytes were appended and are in the index. */
  appended(bytes: Buffer): void {
    this.keep(bytes);
    this.#offset += bytes.length;
    this.#position += bytes.length;
    this.#held.extend(this.#position - bytes.length, bytes, this.#position);
  }

  /**
   * After a restart, what became of the entries of this type: all of it is there ('whole'); the file is as it was but
   * shorter, as after a power failure, and the entries from `first` on were never written; or the action emptied the
   * file while nobody looked. An index knows of text only how many lines and records it has: it can be told from most
   * other text by that.
   */
  check(
    entries: readonly IndexEntry[],
    redactor: Redactor | undefined,
  ): { readonly kind: 'whole' | 'emptied' } | { readonly kind: 'short'; readonly first: IndexEntry } {
    this.#copy = OutputCopy.open(copyPath(this.#directory, this.type));
    const end = this.#copy ? this.#copy.end : this.#size();
    const first = entries.find((entry) => entry.offset + entry.length > end);
    if (this.#copy) return first ? { kind: 'short', first } : { kind: 'whole' };
    const there = entries.filter((entry) => entry.length > 0 && entry.offset + entry.length <= end);
    const witnesses = there.length > 0 ? [there[0], there.at(-1)] : [];
    const isSame = witnesses.every((entry) => entry === undefined || this.#couldBe(entry, redactor));
    if (first) return isSame && there.length > 0 ? { kind: 'short', first } : { kind: 'emptied' };
    return { kind: isSame ? 'whole' : 'emptied' };
  }

  #couldBe(entry: IndexEntry, redactor: Redactor | undefined): boolean {
    if (this.#fd === undefined) return false;
    const length = Math.min(entry.length, readBuffer.length);
    if (readSync(this.#fd, readBuffer, 0, length, entry.offset) < length) return false;
    if (length < entry.length) return true; // an older log with longer reads
    // Which lines made it dense is not known, but it is if it has any.
    const bytes = shownBytes(redactor, entry, readBuffer.subarray(0, length));
    const found = measure(bytes, entry.isDense ? 0 : Number.POSITIVE_INFINITY);
    return bytes.length === entry.shown && found.lines === entry.lines && found.records === entry.records;
  }

  /** Goes on after `offset` bytes of output, having been found `whole`, or without them where it was emptied. */
  resume(offset: number, isEmptied: boolean): void {
    this.#offset = offset;
    if (isEmptied) {
      const head = { from: offset, isHeadLost: true, base: offset, switchAt: offset, baseBefore: offset };
      this.#copy = OutputCopy.create(copyPath(this.#directory, this.type), head, Buffer.alloc(0));
    }
    if (this.#copy) this.#resumeCopied(this.#copy);
    else {
      this.#position = offset;
      const start = offset <= wholeBytesMax ? 0 : offset - witnessBytes;
      const length = this.#read(start, offset - start);
      // Emptied since it was found whole.
      if (length < offset - start) {
        this.resume(offset, true);
        return;
      }
      this.#held.restart(start, readBuffer.subarray(0, length));
    }
    this.#held.first = this.#firstBytes();
    if (this.#fd !== undefined) this.#modifiedMs = fstatSync(this.#fd).mtimeMs;
  }

  /** What the file should hold before the place of reading is known from the copy: it may have changed meanwhile. */
  #resumeCopied(copy: OutputCopy): void {
    const { head } = copy;
    copy.cutAt(this.#offset);
    const isSwitched = this.#offset >= head.switchAt;
    this.#position = this.#offset - (isSwitched ? head.base : head.baseBefore);
    const since = isSwitched ? Math.max(head.from, head.switchAt) : this.#offset;
    const known = Math.max(0, Math.min(wholeBytesMax, this.#position, this.#offset - since));
    const expected = copy.read(this.#offset - known, known);
    const found = readBuffer.subarray(0, this.#read(0, Math.min(this.#position, wholeBytesMax + 1)));
    const isSame = found.length === this.#position && found.subarray(found.length - known).equals(expected);
    if (isSame && found.length <= wholeBytesMax) this.#held.restart(0, found);
    else this.#held.restart(this.#position - known, expected);
  }

  /**
   * What comes after the bytes that were taken in, up to `readBytesMax`; a view, valid until the next look at any file.
   * Or that the file changed otherwise, which it does until `begin` or `overwrite` has been called. `wasTold`: the system
   * has said that something happened to the file.
   */
  look(wasTold: boolean): Buffer | RawChange {
    const none = readBuffer.subarray(0, 0);
    if (this.#fd === undefined) return none;
    const start = Math.max(this.#held.start, this.#position - witnessBytes);
    const length = this.#read(start, this.#position - start + readBytesMax);
    const bytes = readBuffer.subarray(0, length);
    if (!this.#held.agrees(start, bytes)) return this.#judge() ?? none;
    // Most looks end here or find nothing new. The same text written once more leaves no other trace than its time.
    if (wasTold && start + length === this.#held.end && this.#wasModified())
      return this.#judge() ?? { kind: 'begun anew' };
    const found = bytes.subarray(this.#position - start);
    const hole = this.#copy && found[0] === 0 && this.#position === this.#held.start ? zerosAtStart(found) : 0;
    return hole > 0 ? { kind: 'hole', length: hole } : found;
  }

  /** Compares all that is held with the file, once, at the end: who overwrote bytes and added none was not noticed. */
  verify(): RawLoss | undefined {
    return this.#fd === undefined || !this.#held.isWhole ? undefined : this.#judge();
  }

  /** The first `length` bytes of the last look are in the index. Returns before anybody else looks. */
  taken(found: Buffer, length: number): void {
    const before = this.#position;
    this.#position += length;
    this.#offset += length;
    const start = Math.max(this.#held.start, before - witnessBytes);
    this.#held.extend(start, readBuffer.subarray(0, before - start + found.length), this.#position);
    if (this.#held.isWhole && this.#fd !== undefined) this.#modifiedMs = fstatSync(this.#fd).mtimeMs;
  }

  /** Asked while a look has to wait. True where the file became shorter: a look may not wait then. */
  hasShrunk(): boolean {
    const size = this.#size();
    if (size < Math.max(this.#heardOf, this.#held.end)) return true;
    this.#heardOf = size;
    return false;
  }

  /** Where everything is copied from now on: bytes at this place of the output, before they are indexed. */
  keep(bytes: Buffer): void {
    this.#copy?.write(this.#offset, bytes);
  }

  /**
   * The file changed: saves what it had, as far as it is held; the rest adds to `lostBytes`. May be repeated, as all of
   * these, where the system refused.
   */
  save(loss: RawLoss): void {
    const isNew = loss.kind === 'begun anew';
    if (this.#copy) {
      const { head } = this.#copy;
      if (isNew && !head.isHeadLost && head.from > 0) this.#copy.head = { ...head, isHeadLost: true };
      return;
    }
    const heldFrom = this.#offset - (this.#position - this.#held.start);
    const isHeadLost = isNew && heldFrom > 0;
    const from = isHeadLost ? this.#offset : heldFrom;
    const base = this.#offset - this.#position;
    this.#copy = OutputCopy.create(
      copyPath(this.#directory, this.type),
      { from, isHeadLost, base, switchAt: 0, baseBefore: base },
      isHeadLost ? Buffer.alloc(0) : this.#held.view(this.#held.start, this.#position),
    );
  }

  /** Bytes that were seen and not indexed: an unfinished line. */
  get pending(): Buffer {
    return this.#held.view(this.#position, this.#held.end);
  }

  /** The pending bytes are in the index. */
  pendingTaken(): void {
    this.#offset += this.pending.length;
    this.#position = this.#held.end;
  }

  /** The file is read from its beginning, as what follows the output so far. */
  begin(): void {
    if (this.#copy) {
      const base = this.#offset;
      this.#copy.head = { ...this.#copy.head, base, switchAt: base, baseBefore: base };
    }
    this.#position = 0;
    this.#heardOf = 0;
    this.#held.restart(0, Buffer.alloc(0));
  }

  /** Skips bytes that nobody wrote: they follow nothing in the output. */
  skip(hole: number): void {
    const position = this.#position + hole;
    if (this.#copy) {
      const base = this.#offset - position;
      this.#copy.head = { ...this.#copy.head, base, switchAt: this.#offset, baseBefore: base };
    }
    this.#position = position;
    this.#held.restart(position, Buffer.alloc(0));
    this.#held.first = this.#firstBytes();
  }

  /** `count` bytes that overwrote others will follow the output so far, although they are not at the end of the file. */
  prepareOverwrite(count: number): void {
    if (!this.#copy) return;
    const baseBefore = this.#offset - this.#position;
    this.#copy.head = { ...this.#copy.head, base: baseBefore + count, switchAt: this.#offset + count, baseBefore };
  }

  /** They are in the index. */
  overwritten(at: number, bytes: Buffer): void {
    this.#offset += bytes.length;
    this.#held.patch(at, bytes);
    if (this.#fd !== undefined) this.#modifiedMs = fstatSync(this.#fd).mtimeMs;
  }

  /** Output for a reader, where it is held; a view, valid until the next look. */
  heldOutput(offset: number, length: number): Buffer | undefined {
    if (this.#copy || !this.#held.isWhole || offset + length > this.#held.end) return undefined;
    return this.#held.view(offset, offset + length);
  }

  async sync(): Promise<void> {
    // All are waited for, whatever one of them says: a descriptor must not be closed below the others.
    const synced = await Promise.allSettled([
      this.#fd !== undefined && this.#offset > 0 ? sync(this.#fd) : undefined,
      this.#copy?.sync(),
    ]);
    for (const one of synced) if (one.status === 'rejected') throw one.reason;
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    if (this.#appendFd !== undefined) closeSync(this.#appendFd);
    this.#appendFd = undefined;
    this.#copy?.[Symbol.dispose]();
    this.#held[Symbol.dispose]();
  }

  #size(): number {
    return this.#fd === undefined ? 0 : fstatSync(this.#fd).size;
  }

  #read(position: number, length: number): number {
    return this.#fd === undefined || length === 0 ? 0 : readSync(this.#fd, readBuffer, 0, length, position);
  }

  #firstBytes(): Buffer {
    return readBuffer.subarray(0, this.#read(0, witnessBytes));
  }

  #wasModified(): boolean {
    if (this.#fd === undefined || !this.#held.isWhole || this.#held.end === 0) return false;
    const { mtimeMs, size } = fstatSync(this.#fd);
    // It grew just now: the next look will see.
    return mtimeMs !== this.#modifiedMs && size <= this.#held.end;
  }

  /** How the file differs from what is held of it; undefined where it does not. */
  #judge(): RawLoss | undefined {
    const { start, end } = this.#held;
    if (this.#size() < end) return { kind: 'begun anew' };
    if (!this.#held.isWhole && !this.#firstBytes().equals(this.#held.first)) return { kind: 'begun anew' };
    const found = readBuffer.subarray(0, this.#read(start, end - start));
    if (found.length < end - start) return { kind: 'begun anew' };
    return changeOf(this.#held.view(start, end), found, { start, isWhole: this.#held.isWhole });
  }
}
