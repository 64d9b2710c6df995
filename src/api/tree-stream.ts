/** The output of an execution and all below it as one event stream; the cursor of each frame is that of the whole tree. */
import type { Execution } from '../core/model/execution.ts';
import type { OutputSegment } from '../core/model/output-segment.ts';
import type { OutputEncoding } from '../operations/output-hub.ts';
import type { TreeCursor } from '../operations/tree-cursor.ts';
import { eachRecordJson, outputEventName } from '../wire/output.ts';
import { originOf } from './output-encodings.ts';
import type { Framing } from './stream-connection.ts';

let trees = 0;

/** Frames name the place of this reader in all executions: they are its own, never shared. */
export function treeEncoding(framing: Framing, cursor: TreeCursor): OutputEncoding {
  const text = (execution: Execution, segments: readonly OutputSegment[], afterSeq: number) => {
    let frames = '';
    for (const segment of segments)
      eachRecordJson(originOf(execution), segment, afterSeq, (seq, json) => {
        cursor.advance(execution.id, seq);
        frames += `event: ${outputEventName}\nid: ${cursor.textAt(execution.id)}\ndata: ${json}\n\n`;
      });
    return frames;
  };
  return {
    key: `tree ${trees++}`,
    text,
    encode: (execution, segments, afterSeq) => framing.frame(text(execution, segments, afterSeq)),
  };
}
