/** An index as readers see it, while its writer may go on. */
import type { FileHandle } from 'node:fs/promises';
import type { OutputSummary } from '../../core/model/execution.ts';
import { cutBytes, decodeHead, headBytesMin, headLengthOf, type IndexHead } from './index-head.ts';
import { openIfThere } from './output-bytes.ts';
import { decodeEntry, entriesIn, entryPosition, entrySize, type IndexEntry } from './output-index.ts';
import { addEntry, emptySummary } from './output-summary.ts';

/** Entries looked at in one go: 26 KB. A page of one type in a log of the other needs several. */
export const entriesPerRead = 512;
/** Nearly always the whole head, with the secrets of an execution. */
const firstBytes = 1024;

export class IndexReader {
  readonly head: IndexHead;
  /** Entries, when it was opened. */
  readonly count: number;
  readonly #file: FileHandle;
  readonly #headBytes: number;

  private constructor(file: FileHandle, head: IndexHead, fileSize: number) {
    this.#file = file;
    this.head = head;
    this.#headBytes = headBytesMin + head.sealed.length;
    this.count = entriesIn(fileSize, this.#headBytes);
  }

  /** Undefined where there is none, or nothing in it. Throws a Fault where it cannot be read by this version. */
  static async open(path: string): Promise<IndexReader | undefined> {
    const file = await openIfThere(path);
    if (!file) return undefined;
    let reader: IndexReader | undefined;
    try {
      const [{ size }, first] = await Promise.all([file.stat(), readAt(file, 0, firstBytes)]);
      const length = headLengthOf(first.subarray(0, headBytesMin), path);
      if (length === undefined || size < length + entrySize) return undefined;
      const bytes = length <= first.length ? first.subarray(0, length) : await readAt(file, 0, length);
      reader = new IndexReader(file, decodeHead(bytes), size);
      return reader;
    } finally {
      if (!reader) await file.close();
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async entry(at: number): Promise<IndexEntry> {
    const [entry] = await this.entries(at, 1);
    if (!entry) throw new RangeError('damaged output index: it became shorter');
    return entry;
  }

  /** From `at` on, up to `count` or the end. */
  async entries(at: number, count = entriesPerRead): Promise<IndexEntry[]> {
    const wanted = Math.max(0, Math.min(count, this.count - at));
    if (wanted === 0) return [];
    const buffer = await readAt(this.#file, entryPosition(at, this.#headBytes), wanted * entrySize);
    return Array.from({ length: Math.floor(buffer.length / entrySize) }, (_, i) => decodeEntry(buffer, i * entrySize));
  }

  /** The first entry that ends after the cursor, by halving. */
  async firstAfter(afterSeq: number): Promise<number> {
    if (afterSeq <= 0) return 0;
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const entry = await this.entry(middle);
      if (entry.firstSeq + entry.records - 1 > afterSeq) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  async summary(): Promise<OutputSummary> {
    let summary: OutputSummary = { ...emptySummary, lost_bytes: cutBytes(this.head) };
    for (let at = 0; at < this.count; ) {
      const entries = await this.entries(at);
      if (entries.length === 0) break;
      summary = entries.reduce(addEntry, summary);
      at += entries.length;
    }
    return summary;
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
