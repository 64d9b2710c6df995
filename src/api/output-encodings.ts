/** Output segments as bytes of a response: encoded once, shared by all who read the same thing the same way. */
import type { Execution } from '../core/model/execution.ts';
import { bytesAfter, type OutputSegment } from '../core/model/output-segment.ts';
import { taskName } from '../core/model/task-name.ts';
import type { OutputEncoding } from '../operations/output-hub.ts';
import { type OutputOrigin, outputFrames } from '../wire/output.ts';
import type { Framing } from './stream-connection.ts';

export function originOf(execution: Execution): OutputOrigin {
  const task = taskName(execution.context);
  return {
    executionId: execution.id,
    actionRef: execution.action.ref,
    runnerRef: execution.runner.name,
    ...(task !== undefined && { task }),
  };
}

/** Event stream of one execution. */
export function eventEncoding(framing: Framing): OutputEncoding {
  return encoding('events', framing, (execution, segments, afterSeq) =>
    outputFrames(originOf(execution), segments, afterSeq),
  );
}

/** The text alone. */
export function textEncoding(framing: Framing): OutputEncoding {
  return encoding('text', framing, (_execution, segments, afterSeq) =>
    segments.map((segment) => textAfter(segment, afterSeq)).join(''),
  );
}

function textAfter(segment: OutputSegment, afterSeq: number): string {
  return bytesAfter(segment, afterSeq).toString('utf8');
}

function encoding(name: string, framing: Framing, text: NonNullable<OutputEncoding['text']>): OutputEncoding {
  return {
    key: `${name} ${framing.name}`,
    text,
    encode: (execution, segments, afterSeq) => framing.frame(text(execution, segments, afterSeq)),
  };
}
