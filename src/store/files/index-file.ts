/**
 * The file of an index, as its one writer sees it. Made with its first entry: many executions print nothing, and a file
 * for nothing costs five calls to the system and an inode.
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
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';
import { systemCode } from '../../base/errors.ts';
import { decodeEntry, encodeEntries, entriesIn, entryPosition, entrySize, type IndexEntry } from './output-index.ts';
import type { OutputType } from '../../core/model/output-record.ts';
import { type Cut, decodeHead, encodeHead, headBytesMin, headLengthOf, type IndexHead, noCuts } from './index-head.ts';

const sync = promisify(fdatasync);

export class IndexFile {
  readonly #path: string;
  #fd: number | undefined;
  #entries = 0;
  #head: IndexHead | undefined;
  #headBytes = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * What an earlier process wrote, as far as it continues the log, once, before anything is appended: after a power
   * failure the file may be long and end in zeros. `keep` must follow.
   */
  read(): readonly IndexEntry[] {
    if (!existsSync(this.#path)) return [];
    const fd = openSync(this.#path, constants.O_RDWR);
    this.#fd = fd;
    const { size } = fstatSync(fd);
    const first = readFully(fd, 0, Math.min(size, headBytesMin));
    const headBytes = headLengthOf(first, this.#path);
    if (headBytes === undefined || headBytes > size) return [];
    this.#head = decodeHead(readFully(fd, 0, headBytes));
    this.#headBytes = headBytes;
    const buffer = readFully(fd, entryPosition(0, headBytes), entriesIn(size, headBytes) * entrySize);
    const entries: IndexEntry[] = [];
    let endSeq = 0;
    for (let at = 0; at + entrySize <= buffer.length; at += entrySize) {
      const entry = readableEntry(buffer, at);
      if (entry?.firstSeq !== endSeq + 1) break;
      entries.push(entry);
      endSeq = entry.firstSeq + entry.records - 1;
    }
    return entries;
  }

  /** What the log was begun with; undefined before its first entry. */
  get head(): IndexHead | undefined {
    return this.#head;
  }

  /** Before the first entry: what the log is begun with. */
  begin(sealed: Buffer): void {
    this.#head ??= { sealed, cuts: noCuts };
    this.#headBytes = headBytesMin + this.#head.sealed.length;
  }

  /** Says that these bytes are not kept. There is an entry already. Throws system errors. */
  setCut(type: OutputType, cut: Cut): void {
    if (!this.#head || this.#fd === undefined) return;
    const head = { ...this.#head, cuts: { ...this.#head.cuts, [type]: cut } };
    const bytes = encodeHead(head).subarray(0, headBytesMin);
    writeSync(this.#fd, bytes, 0, bytes.length, 0);
    this.#head = head;
  }

  /** Keeps the first `entries` of what was read and cuts off the rest. */
  keep(entries: number): void {
    this.#entries = entries;
    // A head that was torn is written again with the first entry.
    if (this.#fd !== undefined) ftruncateSync(this.#fd, entries > 0 ? entryPosition(entries, this.#headBytes) : 0);
  }

  /** False where there is no room on the disk: nothing was appended then. `begin` was called before. */
  append(entries: readonly IndexEntry[]): boolean {
    try {
      this.#fd ??= openSync(this.#path, constants.O_RDWR | constants.O_CREAT, 0o600);
      if (this.#entries === 0 && this.#head) {
        const head = encodeHead(this.#head);
        if (writeSync(this.#fd, head, 0, head.length, 0) !== head.length) return false;
      }
      const bytes = encodeEntries(entries);
      const at = entryPosition(this.#entries, this.#headBytes);
      if (writeSync(this.#fd, bytes, 0, bytes.length, at) !== bytes.length) return false;
    } catch (error) {
      if (isNoRoom(error)) return false;
      throw error;
    }
    this.#entries += entries.length;
    return true;
  }

  async sync(): Promise<void> {
    if (this.#fd !== undefined) await sync(this.#fd);
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

export function isNoRoom(error: unknown): boolean {
  return systemCode(error) === 'ENOSPC' || systemCode(error) === 'EDQUOT';
}

function readFully(fd: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, readSync(fd, buffer, 0, length, position));
}

function readableEntry(buffer: Buffer, at: number): IndexEntry | undefined {
  try {
    return decodeEntry(buffer, at);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
