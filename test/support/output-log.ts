/** Reading and hearing output logs in tests: records instead of segments, and waiting for what a listener will hear. */
import { eachRecord, type OutputSegment } from '../../src/core/model/output-segment.ts';
import type { OutputType } from '../../src/core/model/output-record.ts';
import type { OutputListener, OutputStore, OutputWish } from '../../src/store/output-store.ts';

/** A record as far as tests of the log look at it. */
export interface LogRecord {
  readonly seq: number;
  readonly type: OutputType;
  readonly data: string;
  readonly timeUs: number;
  readonly lostBytes: number;
  readonly host?: string;
}

export function recordsOf(segments: readonly OutputSegment[], afterSeq = 0): LogRecord[] {
  const records: LogRecord[] = [];
  for (const segment of segments) {
    const { type, timeUs, lostBytes, host } = segment;
    const origin = { type, timeUs, lostBytes, ...(host !== undefined && { host }) };
    eachRecord(segment, afterSeq, (seq, data) => records.push({ seq, data, ...origin }));
  }
  return records;
}

export function textOf(records: readonly LogRecord[], type?: OutputType): string {
  return records
    .filter((record) => type === undefined || record.type === type)
    .map((record) => record.data)
    .join('');
}

/** One page, as records that stay when the page is given back. */
export async function readPage(
  store: OutputStore,
  id: string,
  wish: OutputWish,
): Promise<{ readonly records: readonly LogRecord[]; readonly nextSeq: number; readonly endSeq: number }> {
  using page = await store.read(id, wish);
  return { records: recordsOf(page.segments, wish.afterSeq), nextSeq: page.nextSeq, endSeq: page.endSeq };
}

/** Everything after a cursor, page by page, each of about `bytesMax`. Checks what every page must keep to. */
export async function readAll(
  store: OutputStore,
  id: string,
  wish: { afterSeq?: number; bytesMax?: number; types?: readonly OutputType[] } = {},
): Promise<LogRecord[]> {
  const { afterSeq = 0, bytesMax = 1_000_000, types } = wish;
  const records: LogRecord[] = [];
  for (let cursor = afterSeq; ; ) {
    const page = await readPage(store, id, { afterSeq: cursor, bytesMax, ...(types && { types }) });
    records.push(...page.records);
    if (page.nextSeq >= page.endSeq) return records;
    if (page.nextSeq <= cursor) throw new Error(`reading after ${cursor} of ${page.endSeq} leads to ${page.nextSeq}`);
    cursor = page.nextSeq;
  }
}

/** A listener that keeps what it hears. */
export class HeardOutput implements OutputListener {
  readonly segments: OutputSegment[] = [];
  wanted = true;
  timesFull = 0;
  readonly #waiting = new Set<() => void>();

  isWanted(): boolean {
    return this.wanted;
  }

  appended(segments: readonly OutputSegment[]): void {
    this.segments.push(...segments);
    for (const look of this.#waiting) look();
  }

  storageFull(): void {
    this.timesFull += 1;
  }

  get records(): LogRecord[] {
    return recordsOf(this.segments);
  }

  get text(): string {
    return textOf(this.records);
  }

  /** Resolves when `isThere` holds for what was heard; fails, saying what was heard, after five seconds. */
  async until(isThere: (heard: this) => boolean): Promise<void> {
    if (isThere(this)) return;
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!isThere(this)) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`not heard in 5 s; heard so far: ${JSON.stringify(this.text.slice(-500))}`));
      }, 5_000);
      this.#waiting.add(look);
    });
  }
}
