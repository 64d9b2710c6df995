/** The bytes of one type of output for readers, by their position in the output, whichever file holds them now. */
import { type FileHandle, open } from 'node:fs/promises';
import { systemCode } from '../../base/errors.ts';
import type { OutputType } from '../../core/model/output-record.ts';
import { type CopyHead, copyHeaderBytes, copyPath, decodeCopyHead } from './output-copy.ts';

export class OutputBytes {
  readonly #raw: FileHandle | undefined;
  readonly #copy: FileHandle | undefined;
  readonly #head: CopyHead | undefined;

  private constructor(raw: FileHandle | undefined, copy: FileHandle | undefined, head: CopyHead | undefined) {
    this.#raw = raw;
    this.#copy = copy;
    this.#head = head;
  }

  /** Undefined where there is no file of this type. */
  static async open(directory: string, type: OutputType): Promise<OutputBytes | undefined> {
    const raw = await openIfThere(`${directory}/${type}`);
    let copy: FileHandle | undefined;
    try {
      copy = await openIfThere(copyPath(directory, type));
      if (!raw && !copy) return undefined;
      if (!copy) return new OutputBytes(raw, undefined, undefined);
      const { buffer, bytesRead } = await copy.read(Buffer.alloc(copyHeaderBytes), 0, copyHeaderBytes, 0);
      return new OutputBytes(raw, copy, decodeCopyHead(buffer.subarray(0, bytesRead)));
    } catch (error) {
      await Promise.all([raw?.close(), copy?.close()]);
      throw error;
    }
  }

  get isCopied(): boolean {
    return this.#head !== undefined;
  }

  /** So many bytes at the beginning of the output are lost. */
  get lostBytes(): number {
    return this.#head?.isHeadLost ? this.#head.from : 0;
  }

  /** Fills `buffer` from `offset` on and answers how far that went: to the end, or to what is lost. */
  async read(buffer: Buffer, offset: number): Promise<number> {
    if (!this.#head) return readFrom(this.#raw, buffer, offset);
    if (offset < this.lostBytes) return 0;
    const inRaw = Math.min(buffer.length, Math.max(0, this.#head.from - offset));
    const fromRaw = inRaw === 0 ? 0 : await readFrom(this.#raw, buffer.subarray(0, inRaw), offset);
    if (fromRaw < inRaw) return fromRaw;
    const rest = buffer.subarray(inRaw);
    return inRaw + (await readFrom(this.#copy, rest, copyHeaderBytes + offset + inRaw - this.#head.from));
  }

  async close(): Promise<void> {
    await Promise.all([this.#raw?.close(), this.#copy?.close()]);
  }
}

export async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function readFrom(file: FileHandle | undefined, buffer: Buffer, position: number): Promise<number> {
  if (!file || buffer.length === 0) return 0;
  return (await file.read(buffer, 0, buffer.length, position)).bytesRead;
}
