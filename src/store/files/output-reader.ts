/** Reading an output log from its files: finds the cursor in the index, then loads the bytes of a page of segments. */
import type { OutputSegment } from '../../core/model/output-segment.ts';
import type { OutputPage, OutputWish } from '../output-store.ts';
import type { IndexReader } from './index-reader.ts';
import type { IndexEntry } from './output-index.ts';
import type { OutputSource } from './output-source.ts';

/** Bytes that a record counts for beside its text when a page is filled. */
const recordWeight = 200;
/** What an entry that is lost counts for: looking at it. */
const lostWeight = 8;

/** The index has at least one entry. */
export async function readPage(index: IndexReader, source: OutputSource, wish: OutputWish): Promise<OutputPage> {
  const last = await index.entry(index.count - 1);
  const endSeq = last.firstSeq + last.records - 1;
  if (wish.afterSeq >= endSeq) return emptyPage(wish, endSeq);
  const segments = new PageSegments();
  let weight = 0;
  let nextSeq = wish.afterSeq;
  for (let at = await index.firstAfter(wish.afterSeq); at < index.count && weight < wish.bytesMax; ) {
    for (const entry of await index.entries(at)) {
      if (weight >= wish.bytesMax) break;
      at += 1;
      nextSeq = entry.firstSeq + entry.records - 1;
      if (wish.types && !wish.types.includes(entry.type)) continue;
      // Only adds to the totals: its bytes are marked where they are missing.
      if (entry.records === 0) continue;
      const host = await source.hostOf(entry.lane);
      const bytes = await source.bytesOf(entry);
      segments.add({ ...entry, ...(host !== undefined && { host }) }, bytes);
      // A record costs its reader far more than its bytes once it is a frame. One mark stands for all that is lost together.
      weight += bytes ? entry.shown + entry.records * recordWeight : lostWeight;
    }
  }
  return { segments: segments.all, nextSeq, endSeq, [Symbol.dispose]: () => source.buffers[Symbol.dispose]() };
}

/** Says only where the log ends. */
export function emptyPage({ afterSeq }: OutputWish, endSeq: number): OutputPage {
  return { segments: [], nextSeq: afterSeq, endSeq, [Symbol.dispose]() {} };
}

class PageSegments {
  readonly all: OutputSegment[] = [];
  /** Where in the raw file a mark at the end of the page ends. */
  #lostUntil = -1;

  /** `bytes` are undefined where they can no longer be read: one mark stands for all that is missing at one place. */
  add(entry: IndexEntry & { readonly host?: string }, bytes: Buffer | undefined): void {
    const before = this.all.at(-1);
    const isSamePlace =
      !bytes &&
      this.#lostUntil === entry.offset &&
      before?.type === entry.type &&
      before.host === entry.host &&
      before.firstSeq + before.records === entry.firstSeq;
    if (isSamePlace) {
      const lostBytes = before.lostBytes + entry.shown;
      const joint = { lostBytes, records: before.records + entry.records, lines: before.lines + entry.lines };
      this.all[this.all.length - 1] = { ...before, ...joint };
    } else if (bytes) this.all.push({ ...entry, bytes });
    else this.all.push({ ...entry, lostBytes: entry.shown, bytes: Buffer.alloc(0) });
    this.#lostUntil = bytes ? -1 : entry.offset + entry.length;
  }
}
