/**
 * The text of output by its bytes, for readers who ask for a range of it. The bytes of the text are not those that were
 * printed: what is no UTF-8 was replaced. So its length is known only by reading it; of an execution that is over, marks
 * of what was read are kept, and the next range is found without reading all that is before it.
 */
import { isUtf8 } from 'node:buffer';
import type { OutputSegment } from '../core/model/output-segment.ts';
import type { OutputStore } from '../store/output-store.ts';
import { outputPages, type OutputSpan } from './read-output.ts';

/** The text as readers get it. */
export function segmentText({ bytes }: OutputSegment): string {
  return bytes.toString('utf8');
}

/** A mark at most each so many bytes of text. */
const markEveryBytes = 4 * 1024 * 1024;
/** Texts whose marks are kept: clients that fetch one in ranges do so one after the other. */
const textsMax = 64;

/** After this record there are so many bytes of text. */
interface Mark {
  readonly seq: number;
  readonly bytes: number;
}

export interface TextLength {
  readonly bytes: number;
  readonly marks: readonly Mark[];
}

export class OutputTexts {
  readonly #output: OutputStore;
  /** By execution and types, the one used last is last. */
  readonly #known = new Map<string, TextLength>();

  constructor(output: OutputStore) {
    this.#output = output;
  }

  /** `isFixed`: the span is all that there will ever be of these types. */
  async length(executionId: string, span: OutputSpan, isFixed: boolean): Promise<TextLength> {
    const key = `${executionId} ${span.types?.join() ?? ''} ${span.endSeq}`;
    const known = this.#known.get(key) ?? (await this.#measure(executionId, span));
    if (!isFixed) return known;
    this.#known.delete(key);
    this.#known.set(key, known);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= textsMax) break;
      this.#known.delete(oldest);
    }
    return known;
  }

  /** The bytes from `start` to before `end`. */
  async *part(
    executionId: string,
    span: OutputSpan,
    { marks }: TextLength,
    { start, end }: { readonly start: number; readonly end: number },
  ): AsyncGenerator<Buffer> {
    const mark = marks.findLast(({ bytes }) => bytes <= start) ?? { seq: span.afterSeq, bytes: 0 };
    let at = mark.bytes;
    for await (const segments of outputPages(this.#output, executionId, { ...span, afterSeq: mark.seq })) {
      // A copy: the reader may be slow, and the page's memory is used again.
      const text = Buffer.from(segments.map(segmentText).join(''));
      const piece = text.subarray(Math.max(0, start - at), Math.max(0, end - at));
      at += text.length;
      if (piece.length > 0) yield piece;
      if (at >= end) return;
    }
  }

  async #measure(executionId: string, span: OutputSpan): Promise<TextLength> {
    const marks: Mark[] = [];
    let bytes = 0;
    for await (const segments of outputPages(this.#output, executionId, span)) {
      for (const segment of segments) {
        if (bytes - (marks.at(-1)?.bytes ?? 0) >= markEveryBytes) marks.push({ seq: segment.firstSeq - 1, bytes });
        bytes += textLength(segment);
      }
    }
    return { bytes, marks };
  }
}

function textLength(segment: OutputSegment): number {
  return isUtf8(segment.bytes) ? segment.bytes.length : Buffer.byteLength(segmentText(segment));
}
