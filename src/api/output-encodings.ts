/** Output segments as bytes of a response: encoded once, shared by all who read the same thing the same way. */
import type { Execution } from '../core/model/execution.ts';
import { bytesAfter, type OutputSegment } from '../core/model/output-segment.ts';
import type { OutputEncoding } from '../operations/output-hub.ts';
import { type OutputOrigin, outputFrames } from '../wire/output.ts';
import { chunk } from './stream-connection.ts';

export function originOf(execution: Execution): OutputOrigin {
  return { executionId: execution.id, actionRef: execution.action.ref, runnerRef: execution.runner.name };
}

/** Event stream of one execution. */
export function eventEncoding(isChunked: boolean): OutputEncoding {
  return encoding('events', isChunked, (execution, segments, afterSeq) =>
    outputFrames(originOf(execution), segments, afterSeq),
  );
}

/** The text alone. */
export function textEncoding(isChunked: boolean): OutputEncoding {
  return encoding('text', isChunked, (_execution, segments, afterSeq) =>
    segments.map((segment) => textAfter(segment, afterSeq)).join(''),
  );
}

function textAfter(segment: OutputSegment, afterSeq: number): string {
  return bytesAfter(segment, afterSeq).toString('utf8');
}

function encoding(name: string, isChunked: boolean, text: NonNullable<OutputEncoding['text']>): OutputEncoding {
  return {
    key: isChunked ? `${name} chunked` : name,
    text,
    encode(execution, segments, afterSeq) {
      const whole = text(execution, segments, afterSeq);
      return isChunked ? chunk(whole) : Buffer.from(whole);
    },
  };
}
