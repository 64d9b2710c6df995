/**
 * `<type>.copy`: the output of one type once its raw file cannot be trusted to keep it, because the action emptied or
 * overwrote it. From the first time that is noticed, bytes are written here before they are indexed. Most logs never
 * have one: their raw file is the output.
 *
 * Offsets in the index are positions in the output. Without a copy they are positions in the raw file. With one:
 *
 *     [0, from)   still in the raw file, at the same place; or lost, where it was emptied and nobody held them
 *     [from, …)   here, after the header
 *
 * and the raw file holds what comes next: the output's byte `v` is its byte `v - base`. Where the output has not reached
 * `switchAt` yet, `baseBefore` holds instead: a new place of reading and the bytes before it cannot be stored in one
 * step, so the place is stored first. The header is one write of less than a sector.
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
import type { OutputType } from '../../core/model/output-record.ts';

export interface CopyHead {
  readonly from: number;
  readonly isHeadLost: boolean;
  readonly base: number;
  readonly switchAt: number;
  readonly baseBefore: number;
}

export const copyHeaderBytes = 64;
const magic = Buffer.from('stormtail-copy 1', 'latin1');
const sync = promisify(fdatasync);

export function copyPath(directory: string, type: OutputType): string {
  return `${directory}/${type}.copy`;
}

/** Undefined where the header was never completed: then nothing refers to the copy yet. */
export function decodeCopyHead(header: Buffer): CopyHead | undefined {
  if (header.length < copyHeaderBytes || !header.subarray(0, magic.length).equals(magic)) return undefined;
  return {
    from: header.readDoubleLE(16),
    isHeadLost: header.readDoubleLE(24) !== 0,
    base: header.readDoubleLE(32),
    switchAt: header.readDoubleLE(40),
    baseBefore: header.readDoubleLE(48),
  };
}

/** As its one writer sees it. All methods throw system errors, and may be repeated then. */
export class OutputCopy implements Disposable {
  readonly #fd: number;
  #head: CopyHead;

  private constructor(fd: number, head: CopyHead) {
    this.#fd = fd;
    this.#head = head;
  }

  /** Undefined where there is none. */
  static open(path: string): OutputCopy | undefined {
    if (!existsSync(path)) return undefined;
    const fd = openSync(path, constants.O_RDWR);
    try {
      const header = Buffer.alloc(copyHeaderBytes);
      const head = decodeCopyHead(header.subarray(0, readSync(fd, header, 0, copyHeaderBytes, 0)));
      if (head) return new OutputCopy(fd, head);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(fd);
    return undefined;
  }

  /** `bytes` are the output from `head.from` on. They are there before the header says so. */
  static create(path: string, head: CopyHead, bytes: Buffer): OutputCopy {
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC, 0o600);
    try {
      writeAll(fd, bytes, copyHeaderBytes);
      writeAll(fd, encodeHead(head), 0);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    return new OutputCopy(fd, head);
  }

  get head(): CopyHead {
    return this.#head;
  }

  set head(head: CopyHead) {
    writeAll(this.#fd, encodeHead(head), 0);
    this.#head = head;
  }

  /** Where the output ends as far as it is here. */
  get end(): number {
    return this.#head.from + Math.max(0, fstatSync(this.#fd).size - copyHeaderBytes);
  }

  write(offset: number, bytes: Buffer): void {
    writeAll(this.#fd, bytes, copyHeaderBytes + offset - this.#head.from);
  }

  read(offset: number, length: number): Buffer {
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, readSync(this.#fd, buffer, 0, length, copyHeaderBytes + offset - this.#head.from));
  }

  cutAt(offset: number): void {
    ftruncateSync(this.#fd, copyHeaderBytes + offset - this.#head.from);
  }

  sync(): Promise<void> {
    return sync(this.#fd);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

function encodeHead(head: CopyHead): Buffer {
  const header = Buffer.alloc(copyHeaderBytes);
  magic.copy(header);
  header.writeDoubleLE(head.from, 16);
  header.writeDoubleLE(head.isHeadLost ? 1 : 0, 24);
  header.writeDoubleLE(head.base, 32);
  header.writeDoubleLE(head.switchAt, 40);
  header.writeDoubleLE(head.baseBefore, 48);
  return header;
}

function writeAll(fd: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done);
}
