/** Output as the body of a response, in each of its forms, piece by piece: none of it is ever held whole. */
import { oneLineJson } from '../base/json.ts';
import { formatTimestamp } from '../base/timestamp.ts';
import type { Execution } from '../core/model/execution.ts';
import { outputRecordId } from '../core/model/output-record.ts';
import { LineWindow } from '../core/model/output-slice.ts';
import { taskName } from '../core/model/task-name.ts';
import type { TreeCursor } from '../operations/tree-cursor.ts';
import { segmentText } from '../operations/output-text.ts';
import { type FoundLine, searchOutput } from '../operations/search-output.ts';
import {
  beforeLastRecords,
  lastLines,
  outputEnd,
  outputPages,
  type OutputSpan,
  sliceRecords,
} from '../operations/read-output.ts';
import type { OutputStore } from '../store/output-store.ts';
import { outputLines } from '../wire/output.ts';
import { originOf } from './output-encodings.ts';
import type { OutputWish } from './output-query.ts';

type Pieces = AsyncGenerator<string>;

/** `format` other than raw. */
export function outputBody(output: OutputStore, execution: Execution, span: OutputSpan, wish: OutputWish): Pieces {
  if (wish.search) {
    const found = searchOutput(outputPages(output, execution.id, span), wish.search);
    switch (wish.format) {
      case 'text':
        return foundText(found);
      case 'json':
        return jsonArray(foundLines(execution, found));
      default:
        return foundLines(execution, found);
    }
  }
  switch (wish.format) {
    case 'text':
      return textLines(output, execution.id, span, wish);
    case 'json':
      return jsonArray(recordLines(output, execution, span, wish));
    default:
      return recordLines(output, execution, span, wish);
  }
}

/** The same of several executions, one after the other; text with the name of its task or action before each line. */
export async function* treeBody(
  output: OutputStore,
  executions: readonly Execution[],
  wish: OutputWish & { readonly tree: TreeCursor },
): Pieces {
  if (wish.format === 'json') {
    yield* jsonArray(treeBody(output, executions, { ...wish, format: 'ndjson' }));
    return;
  }
  for (const execution of executions) {
    const afterSeq = wish.tree.afterSeq(execution.id);
    if (afterSeq === undefined) continue;
    const endSeq = await outputEnd(output, execution.id);
    const span = { afterSeq, endSeq, ...(wish.types && { types: wish.types }) };
    const pieces = outputBody(output, execution, span, wish);
    yield* wish.format === 'text' ? withName(taskName(execution.context) ?? execution.action.ref, pieces) : pieces;
  }
}

async function* withName(name: string, pieces: Pieces): Pieces {
  const prefix = `[${name}] `;
  let isAtStart = true;
  for await (const piece of pieces) {
    const marked = (isAtStart ? prefix : '') + piece.replace(/\n(?!$)/g, `\n${prefix}`);
    isAtStart = piece.endsWith('\n');
    yield marked;
  }
  if (!isAtStart) yield '\n';
}

/** The last lines of what there is, for a reader that then follows. */
export function lastText(output: OutputStore, executionId: string, span: OutputSpan, lines: number): Pieces {
  return textLines(output, executionId, span, { tail: lines, offset: 0, limit: Number.POSITIVE_INFINITY });
}

async function* textLines(
  output: OutputStore,
  executionId: string,
  span: OutputSpan,
  { tail, offset, limit }: Pick<OutputWish, 'tail' | 'offset' | 'limit'>,
): Pieces {
  const start =
    tail === undefined ? { afterSeq: span.afterSeq, skipLines: 0 } : await lastLines(output, executionId, span, tail);
  const lines = new LineWindow(start.skipLines + offset, limit);
  if (lines.isOver) return;
  for await (const segments of outputPages(output, executionId, { ...span, afterSeq: start.afterSeq })) {
    const text = lines.pass(segments.map(segmentText).join(''));
    if (text !== '') yield text;
    if (lines.isOver) return;
  }
}

async function* recordLines(
  output: OutputStore,
  execution: Execution,
  span: OutputSpan,
  { tail, offset, limit }: OutputWish,
): Pieces {
  const { id } = execution;
  let afterSeq = tail === undefined ? span.afterSeq : await beforeLastRecords(output, id, span, tail);
  // All types are numbered without gaps: nothing has to be read to be left out.
  const isNumbered = !span.types;
  if (isNumbered) afterSeq += offset;
  const pages = outputPages(output, id, { ...span, afterSeq });
  for await (const segments of sliceRecords(pages, { skip: isNumbered ? 0 : offset, take: limit })) {
    const text = outputLines(originOf(execution), segments, 0);
    if (text !== '') yield text;
  }
}

/** Lines of JSON as one array. */
async function* jsonArray(pieces: Pieces): Pieces {
  let before = '[';
  for await (const piece of pieces) {
    yield before + piece.trimEnd().replaceAll('\n', ',');
    before = ',';
  }
  yield before === '[' ? '[]' : ']';
}

/** As grep prints it: `--` where lines are left out between groups with context. */
async function* foundText(pages: AsyncIterable<readonly FoundLine[]>): Pieces {
  let isFirst = true;
  let hasContext = false;
  for await (const found of pages) {
    let text = '';
    for (const line of found) {
      hasContext ||= !line.isMatch;
      if (line.isAfterGap && hasContext && !isFirst) text += '--\n';
      text += line.text.endsWith('\n') ? line.text : `${line.text}\n`;
      isFirst = false;
    }
    yield text;
  }
}

async function* foundLines(execution: Execution, pages: AsyncIterable<readonly FoundLine[]>): Pieces {
  for await (const found of pages) {
    let text = '';
    for (const line of found) text += `${oneLineJson(publishedLine(execution, line))}\n`;
    yield text;
  }
}

/** A found line as a record: `data` is the line, `seq` that of the record in which it begins. */
function publishedLine(execution: Execution, line: FoundLine): Readonly<Record<string, unknown>> {
  return {
    execution_id: execution.id,
    action_ref: execution.action.ref,
    runner_ref: execution.runner.name,
    timestamp: formatTimestamp(line.timeUs),
    output_type: line.type,
    ...(line.host !== undefined && { host: line.host }),
    data: line.text,
    seq: line.seq,
    position: line.position,
    match: line.isMatch,
    id: outputRecordId(execution.id, line.seq),
  };
}
