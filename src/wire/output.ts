/** Output records as they are published, and the texts made of them: SSE frames, NDJSON lines, plain text. */
import { escapeLineSeparators } from '../base/json.ts';
import { formatTimestamp } from '../base/timestamp.ts';
import { outputRecordId, type OutputType } from '../core/model/output-record.ts';
import { eachRecord, type OutputSegment } from '../core/model/output-segment.ts';

/** What every record of an execution says besides its own text. */
export interface OutputOrigin {
  readonly executionId: string;
  readonly actionRef: string;
  readonly runnerRef: string;
  /** Name of the task of a workflow that it is. */
  readonly task?: string;
}

export const outputEventName = 'st2.execution.output__create';
export const outputEndEventName = 'st2.execution.output__end';

/** Two apostrophes, not JSON: st2web and the CLI of StackStorm know the end by it. */
export const eofFrame = "event: EOF\ndata: ''\n\n";

/** Calls `each` with seq and one-line JSON of every record after the cursor, in order. */
export function eachRecordJson(
  origin: OutputOrigin,
  segment: OutputSegment,
  afterSeq: number,
  each: (seq: number, json: string) => void,
): void {
  // Everything but seq, id and data is the same for the records of a segment: serialised once.
  const host = segment.host === undefined ? '' : `,"host":${escapeLineSeparators(JSON.stringify(segment.host))}`;
  const task = origin.task === undefined ? '' : `,"task":${escapeLineSeparators(JSON.stringify(origin.task))}`;
  const head = `{"execution_id":${JSON.stringify(origin.executionId)},"action_ref":${JSON.stringify(origin.actionRef)},"runner_ref":${JSON.stringify(origin.runnerRef)},"timestamp":"${formatTimestamp(segment.timeUs)}","output_type":"${segment.type}"${host}${task},"data":`;
  const lost = segment.lostBytes === 0 ? '' : `,"lost_bytes":${segment.lostBytes}`;
  eachRecord(segment, afterSeq, (seq, data) => {
    each(
      seq,
      `${head}${escapeLineSeparators(JSON.stringify(data))},"seq":${seq}${lost},"id":"${outputRecordId(origin.executionId, seq)}"}`,
    );
  });
}

/** Frames of the stream of one execution; the cursor is the record's seq. */
export function outputFrames(origin: OutputOrigin, segments: readonly OutputSegment[], afterSeq: number): string {
  let text = '';
  for (const segment of segments) {
    eachRecordJson(origin, segment, afterSeq, (seq, json) => {
      text += `event: ${outputEventName}\nid: ${seq}\ndata: ${json}\n\n`;
    });
  }
  return text;
}

export function outputLines(origin: OutputOrigin, segments: readonly OutputSegment[], afterSeq: number): string {
  let text = '';
  for (const segment of segments) {
    eachRecordJson(origin, segment, afterSeq, (_seq, json) => {
      text += `${json}\n`;
    });
  }
  return text;
}

/** Records as values, for the formats that are one JSON document. */
export function outputRecords(origin: OutputOrigin, segments: readonly OutputSegment[], afterSeq: number): unknown[] {
  const records: unknown[] = [];
  for (const segment of segments)
    eachRecordJson(origin, segment, afterSeq, (_seq, json) => records.push(JSON.parse(json)));
  return records;
}

/** `all`, absent or empty: every type. A name nobody knows matches nothing, as in StackStorm. */
export function parseOutputTypes(text: string | undefined): readonly OutputType[] | undefined {
  if (text === undefined || text === '' || text === 'all') return undefined;
  return text === 'stdout' || text === 'stderr' || text === 'output' ? [text] : [];
}

/** A cursor as clients send it back; anything else begins at the start. */
export function parseCursor(text: string | undefined): number {
  return text !== undefined && isCursor(text) ? Number(text) : 0;
}

/** Whether a text has the form of a cursor. */
export function isCursor(text: string): boolean {
  return /^\d{1,15}$/.test(text.trim());
}
