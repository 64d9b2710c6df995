/** Where the bytes of one log come from for a reader, opened as they are needed; they leave it redacted. */
import type { OutputType } from '../../core/model/output-record.ts';
import type { Redactor } from '../../core/model/redaction.ts';
import { hostOf, hostsPath, readHostNames } from './host-names.ts';
import type { IndexHead } from './index-head.ts';
import { shownBytes } from './log-redaction.ts';
import { OutputBytes } from './output-bytes.ts';
import type { IndexEntry } from './output-index.ts';
import { ReadBuffers } from './read-buffers.ts';

export interface LogPaths {
  readonly index: string;
  readonly directory: string;
}

/** What the writer of a log that grows knows better than its files. */
export interface GrowingLog {
  heldOutput(type: OutputType, offset: number, length: number): Buffer | undefined;
  isCopied(type: OutputType): boolean;
  /** Whether what is at this place is not kept. */
  isCut(type: OutputType, offset: number): boolean;
}

export class OutputSource {
  readonly buffers = new ReadBuffers();
  readonly #paths: LogPaths;
  readonly #cuts: IndexHead['cuts'];
  readonly #redactor: Redactor | undefined;
  readonly #growing: GrowingLog | undefined;
  readonly #open = new Map<OutputType, OutputBytes>();
  #hosts: readonly string[] | undefined;

  constructor(
    paths: LogPaths,
    { cuts }: Pick<IndexHead, 'cuts'>,
    redactor: Redactor | undefined,
    growing: GrowingLog | undefined,
  ) {
    this.#paths = paths;
    this.#cuts = cuts;
    this.#redactor = redactor;
    this.#growing = growing;
  }

  async hostOf(lane: number): Promise<string | undefined> {
    if (lane === 0) return undefined;
    this.#hosts ??= await readHostNames(hostsPath(this.#paths.index));
    return hostOf(this.#hosts, lane);
  }

  /** As they are shown; undefined where they are lost. */
  async bytesOf(entry: IndexEntry): Promise<Buffer | undefined> {
    if (entry.length === 0) return Buffer.alloc(0);
    if (this.#isCut(entry)) return undefined;
    const bytes = await this.#rawBytesOf(entry);
    // Cut while it was read: what was found are zeros.
    if (this.#growing?.isCut(entry.type, entry.offset)) return undefined;
    return bytes && shownBytes(this.#redactor, entry, bytes);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((output) => output.close()));
  }

  #isCut({ type, offset }: IndexEntry): boolean {
    const { from, to } = this.#cuts[type];
    return (offset >= from && offset < to) || this.#growing?.isCut(type, offset) === true;
  }

  async #rawBytesOf({ type, offset, length }: IndexEntry): Promise<Buffer | undefined> {
    const buffer = this.buffers.take(length);
    for (;;) {
      const held = this.#growing?.heldOutput(type, offset, length);
      if (held) {
        held.copy(buffer);
        return buffer;
      }
      const output = await this.#output(type);
      const bytesRead = output ? await output.read(buffer, offset) : 0;
      // The action emptied its file while it was read here: what it held is in another place now.
      if (output && !output.isCopied && this.#growing?.isCopied(type)) {
        this.#open.delete(type);
        await output.close();
        continue;
      }
      return bytesRead === length ? buffer : undefined;
    }
  }

  async #output(type: OutputType): Promise<OutputBytes | undefined> {
    const output = this.#open.get(type) ?? (await OutputBytes.open(this.#paths.directory, type));
    if (output) this.#open.set(type, output);
    return output;
  }
}
