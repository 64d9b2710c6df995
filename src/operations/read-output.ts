/**
 * Output as it was at one moment: page by page up to the last record there was when reading began, so that reading ends
 * however fast a running execution prints. And where its last records or lines begin.
 */
import { lastSeq, type OutputSegment } from '../core/model/output-segment.ts';
import { readableRecords, sliceSegment } from '../core/model/output-slice.ts';
import type { OutputType } from '../core/model/output-record.ts';
import type { OutputStore } from '../store/output-store.ts';

/** Read from the store in one go: what a reader holds in memory, however long the output. */
const pageBytes = 256 * 1024;
/** Records looked at first from the end of a log, where its last lines are looked for. */
const lookBackRecords = 256;

/** Records after `afterSeq`, up to `endSeq`, of these types or of all. */
export interface OutputSpan {
  readonly afterSeq: number;
  readonly endSeq: number;
  readonly types?: readonly OutputType[];
}

/** `seq` of the last record now; 0 where there is none. */
export async function outputEnd(output: OutputStore, executionId: string): Promise<number> {
  using page = await output.read(executionId, { afterSeq: Number.MAX_SAFE_INTEGER, bytesMax: 1 });
  return page.endSeq;
}

/** Pages of segments, exactly the records of the span. The bytes of a page may be used until the next one is asked for. */
export async function* outputPages(
  output: OutputStore,
  executionId: string,
  { afterSeq, endSeq, types }: OutputSpan,
): AsyncGenerator<readonly OutputSegment[]> {
  for (let seq = afterSeq; seq < endSeq; ) {
    using page = await output.read(executionId, { afterSeq: seq, bytesMax: pageBytes, ...(types && { types }) });
    if (page.nextSeq <= seq) return;
    const wish = { firstSeq: seq + 1, lastSeq: endSeq };
    const segments = page.segments.flatMap((segment) => sliceSegment(segment, wish) ?? []);
    if (segments.length > 0) yield segments;
    seq = page.nextSeq;
  }
}

/** Leaves out the first `skip` records and ends after `take` more. */
export async function* sliceRecords(
  pages: AsyncIterable<readonly OutputSegment[]>,
  { skip, take }: { readonly skip: number; readonly take: number },
): AsyncGenerator<readonly OutputSegment[]> {
  let toSkip = skip;
  let toTake = take;
  if (toTake === 0) return;
  for await (const segments of pages) {
    const kept: OutputSegment[] = [];
    for (const segment of segments) {
      const records = readableRecords(segment);
      const skipped = Math.min(toSkip, records);
      toSkip -= skipped;
      const taken = Math.min(toTake, records - skipped);
      toTake -= taken;
      if (taken === 0) continue;
      const firstSeq = segment.firstSeq + skipped;
      const wish = { firstSeq, lastSeq: taken === records - skipped ? lastSeq(segment) : firstSeq + taken - 1 };
      kept.push(sliceSegment(segment, wish) ?? segment);
    }
    if (kept.length > 0) yield kept;
    if (toTake === 0) return;
  }
}

/** The cursor before the last `count` records of the span. */
export async function beforeLastRecords(
  output: OutputStore,
  executionId: string,
  span: OutputSpan,
  count: number,
): Promise<number> {
  const { afterSeq, endSeq } = span;
  // All types: they are numbered without gaps.
  if (!span.types || count === 0) return Math.max(afterSeq, endSeq - count);
  const found = await lookBack(output, executionId, span, count, readableRecords);
  let surplus = found.counted - count;
  if (surplus <= 0) return found.afterSeq;
  for await (const segments of outputPages(output, executionId, { ...span, afterSeq: found.afterSeq })) {
    for (const segment of segments) {
      const records = readableRecords(segment);
      if (surplus < records) return segment.firstSeq + surplus - 1;
      surplus -= records;
    }
  }
  return endSeq;
}

/** The last `count` lines of the text of a span: those after so many line ends after a cursor. */
export async function lastLines(
  output: OutputStore,
  executionId: string,
  span: OutputSpan,
  count: number,
): Promise<{ readonly afterSeq: number; readonly skipLines: number }> {
  let endsLine = true;
  // One more than wanted: the line end before the first of them, or the last line may have none.
  const found = await lookBack(output, executionId, span, count + 1, (segment) => {
    if (segment.bytes.length === 0) return 0; // a mark of what is lost knows how many lines that was
    endsLine = segment.bytes.at(-1) === newline;
    return segment.lines;
  });
  const lines = found.counted + (endsLine ? 0 : 1);
  return { afterSeq: found.afterSeq, skipLines: Math.max(0, lines - count) };
}

const newline = 0x0a;

/** Goes back from the end, ever farther, until `counted` reaches `wanted` or the span begins. */
async function lookBack(
  output: OutputStore,
  executionId: string,
  span: OutputSpan,
  wanted: number,
  count: (segment: OutputSegment) => number,
): Promise<{ readonly afterSeq: number; readonly counted: number }> {
  for (let back = Math.min(wanted, lookBackRecords); ; back *= 4) {
    const afterSeq = Math.max(span.afterSeq, span.endSeq - back);
    let counted = 0;
    for await (const segments of outputPages(output, executionId, { ...span, afterSeq }))
      for (const segment of segments) counted += count(segment);
    if (counted >= wanted || afterSeq === span.afterSeq) return { afterSeq, counted };
  }
}
