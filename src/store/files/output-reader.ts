/** Reading an output log from its files: finds the cursor in the index, then loads the bytes of a page of segments. */
import type { FileHandle } from 'node:fs/promises';
import type { OutputSummary } from '../../core/model/execution.ts';
import type { OutputSegment } from '../../core/model/output-segment.ts';
import type { OutputType } from '../../core/model/output-record.ts';
import type { OutputPage, OutputWish } from '../output-store.ts';
import { hostOf, hostsPath, readHostNames } from './host-names.ts';
import { openIfThere, OutputBytes } from './output-bytes.ts';
import { ReadBuffers } from './read-buffers.ts';
import { decodeEntry, entriesIn, entryPosition, entrySize, type IndexEntry } from './output-index.ts';

export interface LogPaths {
  readonly index: string;
  readonly directory: string;
}

/** What the writer of a log that grows knows better than its files. */
export interface GrowingLog {
  heldOutput(type: OutputType, offset: number, length: number): Buffer | undefined;
  isCopied(type: OutputType): boolean;
}

/** Entries looked at in one go: 24 KB. A page of one type in a log of the other needs several. */
const entriesPerRead = 512;

/** Bytes that a record counts for beside its text when a page is filled. */
const recordWeight = 200;

export async function readPage(paths: LogPaths, wish: OutputWish, growing?: GrowingLog): Promise<OutputPage> {
  const index = await openIfThere(paths.index);
  if (!index) return emptyPage(wish, 0);
  const files = new OutputSource(paths, growing);
  try {
    const count = entriesIn((await index.stat()).size);
    if (count === 0) return emptyPage(wish, 0);
    const last = await entryAt(index, count - 1);
    const endSeq = last.firstSeq + last.records - 1;
    if (wish.afterSeq >= endSeq) return emptyPage(wish, endSeq);
    const segments: OutputSegment[] = [];
    let weight = 0;
    let nextSeq = wish.afterSeq;
    for (let at = await firstAfter(index, count, wish.afterSeq); at < count && weight < wish.bytesMax; ) {
      const entries = await entriesFrom(index, at, Math.min(entriesPerRead, count - at));
      for (const entry of entries) {
        if (weight >= wish.bytesMax) break;
        at += 1;
        nextSeq = entry.firstSeq + entry.records - 1;
        if (wish.types && !wish.types.includes(entry.type)) continue;
        // Only adds to the totals: its bytes are marked where they are missing.
        if (entry.records === 0) continue;
        const bytes = await files.bytesOf(entry);
        const host = entry.lane === 0 ? undefined : await files.hostOf(entry.lane);
        const segment = { ...entry, ...(host !== undefined && { host }) };
        if (bytes) segments.push({ ...segment, bytes });
        else addLost(segments, segment);
        // A record costs its reader far more than its bytes once it is a frame.
        weight += entry.length + entry.records * recordWeight;
      }
    }
    return { segments, nextSeq, endSeq, [Symbol.dispose]: () => files.buffers[Symbol.dispose]() };
  } finally {
    await Promise.all([index.close(), files.close()]);
  }
}

/** Output that is in the index and can no longer be read: one mark for what is missing at one place. */
function addLost(segments: OutputSegment[], entry: IndexEntry & { readonly host?: string }): void {
  const before = segments.at(-1);
  const isSamePlace =
    before !== undefined &&
    before.type === entry.type &&
    before.host === entry.host &&
    before.lostBytes > 0 &&
    before.offset + before.lostBytes === entry.offset &&
    before.firstSeq + before.records === entry.firstSeq;
  if (isSamePlace) {
    const { lostBytes, records, lines } = before;
    const joint = { lostBytes: lostBytes + entry.length, records: records + entry.records, lines: lines + entry.lines };
    segments[segments.length - 1] = { ...before, ...joint };
  } else segments.push({ ...entry, lostBytes: entry.length, bytes: Buffer.alloc(0) });
}

/** Says only where the log ends. */
export function emptyPage({ afterSeq }: OutputWish, endSeq: number): OutputPage {
  return { segments: [], nextSeq: afterSeq, endSeq, [Symbol.dispose]() {} };
}

/** Totals over the whole log, from the index alone. */
export async function readSummary(paths: LogPaths): Promise<OutputSummary | undefined> {
  const index = await openIfThere(paths.index);
  if (!index) return undefined;
  try {
    const count = entriesIn((await index.stat()).size);
    let summary: OutputSummary = { records: 0, lines: 0, bytes: 0, lost_bytes: 0 };
    for (let at = 0; at < count; at += entriesPerRead) {
      for (const entry of await entriesFrom(index, at, Math.min(entriesPerRead, count - at)))
        summary = addEntry(summary, entry);
    }
    return summary;
  } finally {
    await index.close();
  }
}

export function addEntry(summary: OutputSummary, entry: IndexEntry): OutputSummary {
  return {
    records: summary.records + entry.records,
    lines: summary.lines + entry.lines,
    bytes: summary.bytes + entry.length,
    lost_bytes: summary.lost_bytes === -1 || entry.lostBytes === -1 ? -1 : summary.lost_bytes + entry.lostBytes,
  };
}

/** The first entry that ends after the cursor, by halving. */
async function firstAfter(index: FileHandle, count: number, afterSeq: number): Promise<number> {
  if (afterSeq <= 0) return 0;
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const entry = await entryAt(index, middle);
    if (entry.firstSeq + entry.records - 1 > afterSeq) high = middle;
    else low = middle + 1;
  }
  return low;
}

async function entryAt(index: FileHandle, at: number): Promise<IndexEntry> {
  const [entry] = await entriesFrom(index, at, 1);
  if (!entry) throw new RangeError('damaged output index: it became shorter');
  return entry;
}

async function entriesFrom(index: FileHandle, at: number, count: number): Promise<IndexEntry[]> {
  const buffer = Buffer.alloc(count * entrySize);
  const { bytesRead } = await index.read(buffer, 0, buffer.length, entryPosition(at));
  return Array.from({ length: Math.floor(bytesRead / entrySize) }, (_, i) => decodeEntry(buffer, i * entrySize));
}

/** Where the bytes of one log come from, opened as they are needed. */
class OutputSource {
  readonly buffers = new ReadBuffers();
  readonly #paths: LogPaths;
  readonly #growing: GrowingLog | undefined;
  readonly #open = new Map<OutputType, OutputBytes>();
  #hosts: readonly string[] | undefined;

  constructor(paths: LogPaths, growing: GrowingLog | undefined) {
    this.#paths = paths;
    this.#growing = growing;
  }

  async hostOf(lane: number): Promise<string | undefined> {
    this.#hosts ??= await readHostNames(hostsPath(this.#paths.index));
    return hostOf(this.#hosts, lane);
  }

  /** Undefined where they are lost. */
  async bytesOf(entry: IndexEntry): Promise<Buffer | undefined> {
    const { type, offset, length } = entry;
    if (length === 0) return Buffer.alloc(0);
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

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((output) => output.close()));
  }

  async #output(type: OutputType): Promise<OutputBytes | undefined> {
    const output = this.#open.get(type) ?? (await OutputBytes.open(this.#paths.directory, type));
    if (output) this.#open.set(type, output);
    return output;
  }
}
