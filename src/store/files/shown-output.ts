/**
 * One type's output as it is shown, by position in it: for logs whose raw file is something else, because secrets are
 * hidden in it. What is lost is there as SUB characters, so that everything else keeps its place.
 */
import type { OutputType } from '../../core/model/output-record.ts';
import type { IndexReader } from './index-reader.ts';
import type { IndexEntry } from './output-index.ts';
import type { OutputSource } from './output-source.ts';

/** Stands for each byte that is lost: ASCII has a character for just that. */
export const substitute = 0x1a;

/** A place to go on from: an entry, and where its text begins. */
export interface ShownPlace {
  readonly at: number;
  readonly shown: number;
}

const beginning: ShownPlace = { at: 0, shown: 0 };

export interface ShownRange {
  readonly bytes: Buffer;
  /** Of the entry in which the range ended. */
  readonly place: ShownPlace;
}

/** From `start` on up to `bytesMax`, looked for from a place at or before it. */
export async function readShown(
  index: IndexReader,
  source: OutputSource,
  wish: { readonly type: OutputType; readonly start: number; readonly bytesMax: number; readonly from?: ShownPlace },
): Promise<ShownRange> {
  const { type, start, bytesMax } = wish;
  let { at, shown } = wish.from && wish.from.shown <= start ? wish.from : beginning;
  let place = { at, shown };
  const parts: Buffer[] = [];
  let length = 0;
  while (at < index.count && length < bytesMax) {
    for (const entry of await index.entries(at)) {
      if (length >= bytesMax) break;
      if (entry.type === type && entry.shown > 0) {
        place = { at, shown };
        if (shown + entry.shown > start) {
          const skipped = Math.max(0, start - shown);
          const part = (await textOf(source, entry)).subarray(skipped, skipped + bytesMax - length);
          parts.push(Buffer.from(part));
          length += part.length;
          source.buffers[Symbol.dispose]();
        }
        shown += entry.shown;
      }
      at += 1;
    }
  }
  return { bytes: parts.length === 1 ? (parts[0] ?? Buffer.alloc(0)) : Buffer.concat(parts), place };
}

/** How many bytes of a type there are to show. */
export async function shownLength(index: IndexReader, type: OutputType): Promise<number> {
  let length = 0;
  for (let at = 0; at < index.count; ) {
    const entries = await index.entries(at);
    if (entries.length === 0) break;
    for (const entry of entries) if (entry.type === type) length += entry.shown;
    at += entries.length;
  }
  return length;
}

async function textOf(source: OutputSource, entry: IndexEntry): Promise<Buffer> {
  return (await source.bytesOf(entry)) ?? Buffer.alloc(entry.shown, substitute);
}
