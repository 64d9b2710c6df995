/** Output over REST: what there is so far, and the two long-lived plain texts (spec/output-streaming.md §3). */
import { Fault, messageOf } from '../../base/errors.ts';
import type { Execution } from '../../core/model/execution.ts';
import { isFinal } from '../../core/model/execution-status.ts';
import type { OutputType } from '../../core/model/output-record.ts';
import type { Context } from '../../operations/context.ts';
import { getExecution, resolveExecutionId } from '../../operations/find-executions.ts';
import type { OutputHub } from '../../operations/output-hub.ts';
import type { OutputPage } from '../../store/output-store.ts';
import { outputLines, outputRecords, parseCursor, parseOutputTypes } from '../../wire/output.ts';
import { originOf, textAfter, textEncoding } from '../output-encodings.ts';
import { type Route, route } from '../route.ts';
import { StreamConnection } from '../stream-connection.ts';

const path = '/api/v1/executions/:id';
/** Read from the store at a time: what a response holds in memory, however long the output. */
const pageBytes = 256 * 1024;

export function outputRoutes(context: Context, hub: OutputHub): readonly Route[] {
  const { metrics } = context;
  const delivered = { frames: metrics.streamFrames.of(), bytes: metrics.streamBytes.of() };
  return [
    route({
      method: 'GET',
      path: `${path}/output`,
      summary: 'Output so far; the id may be last',
      query: {
        output_type: { kind: 'string', description: 'all, stdout, stderr or output' },
        since: { kind: 'string', description: 'cursor: only records after it' },
        tail: { kind: 'integer', description: 'only the last so many records' },
        format: {
          kind: 'string',
          description: 'text, ndjson, json, or raw (the bytes of stdout or stderr as they were written)',
        },
      },
      async handle({ path, query, requester }) {
        const id = await resolveExecutionId(context, requester, path.id ?? '');
        const execution = await getExecution(context, id);
        const types = parseOutputTypes(query.output_type);
        const format = query.format ?? 'text';
        if (format === 'raw')
          return {
            headers: { 'Content-Type': 'application/octet-stream' },
            body: rawBytes(context, id, rawType(types)),
          };
        const afterSeq = await startSeq(context, id, query.since, query.tail);
        const pages = outputPages(context, id, afterSeq, types);
        switch (format) {
          case 'text':
            return {
              headers: { 'Content-Type': 'text/plain; charset=UTF-8' },
              body: orResult(context, execution, types, textOf(pages, afterSeq), afterSeq),
            };
          case 'ndjson':
            return {
              headers: { 'Content-Type': 'application/x-ndjson; charset=UTF-8' },
              body: linesOf(execution, pages, afterSeq),
            };
          case 'json':
            return {
              headers: { 'Content-Type': 'application/json; charset=UTF-8' },
              body: jsonOf(execution, pages, afterSeq),
            };
          default:
            throw new Fault('invalid_input', `format: "${format}" is none of text, ndjson, json, raw`);
        }
      },
    }),
    ...(['stdout', 'stderr'] as const).map((type) =>
      route({
        method: 'GET',
        path: `${path}/${type}`,
        summary: `All of ${type}, then each new line as it is printed, until the execution is over`,
        query: { since: { kind: 'string', description: 'cursor: only records after it' } },
        async handle({ path, query, requester }) {
          const id = await resolveExecutionId(context, requester, path.id ?? '');
          await getExecution(context, id);
          return {
            kind: 'take-over',
            run(request, response) {
              const connection = new StreamConnection(request, response, {
                contentType: 'text/plain; charset=UTF-8',
                clock: context.clock,
                delivered,
              });
              void hub
                .follow(id, {
                  afterSeq: parseCursor(query.since),
                  types: [type],
                  encoding: textEncoding(connection.isChunked),
                  sink: connection,
                  signal: connection.signal,
                })
                .then((execution) => {
                  if (execution) connection.end();
                })
                .catch((error) => {
                  context.log.error({ execution: id, error: messageOf(error) }, 'a stream of output broke off');
                  metrics.readersDropped.of('failure').add();
                  connection.break();
                });
            },
          };
        },
      }),
    ),
  ];
}

async function startSeq(
  context: Context,
  id: string,
  since: string | undefined,
  tail: number | undefined,
): Promise<number> {
  const cursor = parseCursor(since);
  if (tail === undefined) return cursor;
  if (tail < 1) throw new Fault('invalid_input', `tail: expected a number of records from 1, got ${tail}`);
  const { endSeq } = await context.output.read(id, { afterSeq: Number.MAX_SAFE_INTEGER, bytesMax: 1 });
  return Math.max(cursor, endSeq - tail);
}

async function* outputPages(
  context: Context,
  id: string,
  afterSeq: number,
  types: readonly OutputType[] | undefined,
): AsyncGenerator<OutputPage> {
  // Only what is there now: a running execution that prints faster than the client reads would never end.
  let endSeq: number | undefined;
  for (let seq = afterSeq; endSeq === undefined || seq < endSeq; ) {
    using page = await context.output.read(id, { afterSeq: seq, bytesMax: pageBytes, ...(types && { types }) });
    endSeq ??= page.endSeq;
    if (page.nextSeq <= seq) return;
    yield page;
    seq = page.nextSeq;
  }
}

async function* textOf(pages: AsyncGenerator<OutputPage>, afterSeq: number): AsyncGenerator<string> {
  for await (const page of pages) {
    const text = page.segments.map((segment) => textAfter(segment, afterSeq)).join('');
    if (text !== '') yield text;
  }
}

async function* linesOf(
  execution: Execution,
  pages: AsyncGenerator<OutputPage>,
  afterSeq: number,
): AsyncGenerator<string> {
  for await (const page of pages) {
    const text = outputLines(originOf(execution), page.segments, afterSeq);
    if (text !== '') yield text;
  }
}

async function* jsonOf(
  execution: Execution,
  pages: AsyncGenerator<OutputPage>,
  afterSeq: number,
): AsyncGenerator<string> {
  let separator = '[';
  for await (const page of pages) {
    for (const record of outputRecords(originOf(execution), page.segments, afterSeq)) {
      yield separator + JSON.stringify(record);
      separator = ',';
    }
  }
  yield separator === '[' ? '[]' : ']';
}

/** Where the log is gone (retention), the result may still hold the text. */
async function* orResult(
  context: Context,
  execution: Execution,
  types: readonly OutputType[] | undefined,
  text: AsyncGenerator<string>,
  afterSeq: number,
): AsyncGenerator<string> {
  let isEmpty = true;
  for await (const part of text) {
    isEmpty = false;
    yield part;
  }
  if (!isEmpty || afterSeq > 0 || !isFinal(execution.status) || !execution.output || execution.output.bytes === 0)
    return;
  if ((await context.output.summary(execution.id)) !== undefined) return;
  const result = (await context.store.executions.find(execution.id, 'whole'))?.result ?? {};
  for (const type of ['stdout', 'stderr'] as const) {
    const value = result[type];
    if ((types === undefined || types.includes(type)) && value !== undefined && value !== '')
      yield typeof value === 'string' ? value : JSON.stringify(value);
  }
}

function rawType(types: readonly OutputType[] | undefined): OutputType {
  const [type] = types ?? [];
  if (!type)
    throw new Fault(
      'invalid_input',
      'format=raw needs output_type=stdout or output_type=stderr: the bytes of one stream',
    );
  return type;
}

async function* rawBytes(context: Context, id: string, type: OutputType): AsyncGenerator<Buffer> {
  for (let start = 0; ; ) {
    const bytes = await context.output.raw(id, type, { start, bytesMax: pageBytes });
    if (!bytes || bytes.length === 0) return;
    yield bytes;
    start += bytes.length;
  }
}
