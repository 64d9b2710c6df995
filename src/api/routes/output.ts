/** Output over REST: what there is so far, and the two long-lived plain texts (spec/output-streaming.md §3). */
import { Fault, messageOf } from '../../base/errors.ts';
import type { Execution } from '../../core/model/execution.ts';
import { isFinal } from '../../core/model/execution-status.ts';
import type { OutputType } from '../../core/model/output-record.ts';
import type { Context } from '../../operations/context.ts';
import { getExecution, resolveExecutionId } from '../../operations/find-executions.ts';
import type { OutputHub } from '../../operations/output-hub.ts';
import { OutputTexts } from '../../operations/output-text.ts';
import { outputEnd, type OutputSpan } from '../../operations/read-output.ts';
import { treeOf } from '../../operations/output-tree.ts';
import { lineTest } from '../../operations/search-output.ts';
import { rangeWithin, type WantedRange, wantedRange } from '../byte-range.ts';
import { lastText, outputBody, treeBody } from '../output-bodies.ts';
import { textEncoding } from '../output-encodings.ts';
import {
  type OutputFormat,
  outputQuery,
  type OutputWish,
  parseOutputQuery,
  parseSince,
  parseTail,
  typeAndCursor,
} from '../output-query.ts';
import { type Answer, type Route, route } from '../route.ts';
import { StreamConnection } from '../stream-connection.ts';

const path = '/api/v1/executions/:id';
/** Read from the store at a time: what a response holds in memory, however long the output. */
const pageBytes = 256 * 1024;

const forms: Readonly<Record<OutputFormat, { readonly contentType: string; readonly extension: string }>> = {
  text: { contentType: 'text/plain; charset=UTF-8', extension: 'txt' },
  ndjson: { contentType: 'application/x-ndjson; charset=UTF-8', extension: 'ndjson' },
  json: { contentType: 'application/json; charset=UTF-8', extension: 'json' },
  raw: { contentType: 'application/octet-stream', extension: 'log' },
};

export function outputRoutes(context: Context, hub: OutputHub): readonly Route[] {
  const { metrics } = context;
  const delivered = { frames: metrics.streamFrames.of(), bytes: metrics.streamBytes.of() };
  const texts = new OutputTexts(context.output);
  return [
    route({
      method: 'GET',
      path: `${path}/output`,
      summary: 'Output so far, or a part of it; the id may be last',
      query: outputQuery,
      async handle({ path, query, headers, requester }) {
        const wish = parseOutputQuery(query);
        if (wish.search) lineTest(wish.search); // refused before the answer has begun
        const id = await resolveExecutionId(context, requester, path.id ?? '');
        const execution = await getExecution(context, id);
        const fileName = `execution_${id}_${wish.types?.[0] ?? 'output'}.${forms[wish.format].extension}`;
        const fileHeaders: Record<string, string> = query.download
          ? { 'Content-Disposition': `attachment; filename="${fileName}"` }
          : {};
        const { tree } = wish;
        if (tree) {
          const body = treeBody(context.output, await treeOf(context, execution), { ...wish, tree });
          return { headers: { 'Content-Type': forms[wish.format].contentType, ...fileHeaders }, body };
        }
        if (wish.format === 'raw') {
          const body = rawBytes(context, id, rawType(wish.types));
          return { headers: { 'Content-Type': forms.raw.contentType, ...fileHeaders }, body };
        }
        const span = await spanNow(context, id, wish.afterSeq, wish.types);
        if (isWholeText(wish)) return wholeText(context, texts, execution, span, { headers, fileHeaders });
        const body = outputBody(context.output, execution, span, wish);
        return { headers: { 'Content-Type': forms[wish.format].contentType, ...fileHeaders }, body };
      },
    }),
    ...(['stdout', 'stderr'] as const).map((type) =>
      route({
        method: 'GET',
        path: `${path}/${type}`,
        summary: `All of ${type}, then each new line as it is printed, until the execution is over`,
        query: {
          since: typeAndCursor.since,
          tail: { kind: 'integer', description: 'of what there is so far, only the last so many lines' },
        },
        async handle({ path, query, headers, requester }) {
          const afterSeq = parseSince(query.since);
          const tail = parseTail(query.tail);
          const id = await resolveExecutionId(context, requester, path.id ?? '');
          const execution = await getExecution(context, id);
          const wanted =
            afterSeq === 0 && tail === undefined ? wantedRange(headers, etagOf(execution, [type])) : undefined;
          const span = await spanNow(context, id, afterSeq, [type]);
          // A part of what there is now: an answer with a range has an end.
          if (wanted) return partOfText(texts, execution, span, wanted, {});
          return {
            kind: 'take-over',
            run(request, response) {
              const connection = new StreamConnection(request, response, {
                contentType: forms.text.contentType,
                clock: context.clock,
                delivered,
                mayCompress: true,
                headers: { 'Accept-Ranges': 'bytes' },
              });
              const follow = async () => {
                if (tail !== undefined)
                  for await (const text of lastText(context.output, id, span, tail))
                    if (!connection.write(text)) await connection.drained();
                return hub.follow(id, {
                  afterSeq: tail === undefined ? afterSeq : span.endSeq,
                  types: [type],
                  encoding: textEncoding(connection.framing),
                  sink: connection,
                  signal: connection.signal,
                });
              };
              void follow()
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

async function spanNow(
  context: Context,
  id: string,
  afterSeq: number,
  types: readonly OutputType[] | undefined,
): Promise<OutputSpan> {
  return { afterSeq, endSeq: await outputEnd(context.output, id), ...(types && { types }) };
}

/** Only this has bytes that are the same at every request, as far as they go. */
function isWholeText({ format, afterSeq, tail, offset, limit, search }: OutputWish): boolean {
  const isAll = afterSeq === 0 && tail === undefined && offset === 0 && limit === Number.POSITIVE_INFINITY;
  return format === 'text' && isAll && !search;
}

async function wholeText(
  context: Context,
  texts: OutputTexts,
  execution: Execution,
  span: OutputSpan,
  given: { readonly headers: Parameters<typeof wantedRange>[0]; readonly fileHeaders: Record<string, string> },
): Promise<Answer> {
  const { output } = execution;
  // Where the log is gone (retention), the result may still hold the text.
  if (span.endSeq === 0 && isFinal(execution.status) && output && output.bytes > 0)
    return {
      headers: { 'Content-Type': forms.text.contentType, ...given.fileHeaders },
      body: resultText(context, execution, span.types),
    };
  const etag = etagOf(execution, span.types);
  const wanted = wantedRange(given.headers, etag);
  if (wanted) return partOfText(texts, execution, span, wanted, given.fileHeaders);
  const wish = {
    format: 'text',
    tail: undefined,
    offset: 0,
    limit: Number.POSITIVE_INFINITY,
    search: undefined,
    tree: undefined,
  } as const;
  return {
    headers: {
      'Content-Type': forms.text.contentType,
      'Accept-Ranges': 'bytes',
      ...(etag !== undefined && { ETag: etag }),
      ...given.fileHeaders,
    },
    body: outputBody(context.output, execution, span, { ...wish, afterSeq: 0, types: span.types }),
  };
}

async function partOfText(
  texts: OutputTexts,
  execution: Execution,
  span: OutputSpan,
  wanted: WantedRange,
  fileHeaders: Record<string, string>,
): Promise<Answer> {
  const isOver = isFinal(execution.status);
  const length = await texts.length(execution.id, span, isOver);
  const range = rangeWithin(wanted, length.bytes);
  if (!range)
    return {
      status: 416,
      headers: { 'Content-Range': `bytes */${length.bytes}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ faultstring: `Range: the text has ${length.bytes} bytes${isOver ? '' : ' so far'}` }),
    };
  const etag = etagOf(execution, span.types);
  return {
    status: 206,
    headers: {
      'Content-Type': forms.text.contentType,
      // Of a text that still grows nobody knows the length.
      'Content-Range': `bytes ${range.start}-${range.end - 1}/${isOver ? length.bytes : '*'}`,
      'Content-Length': String(range.end - range.start),
      'Accept-Ranges': 'bytes',
      ...(etag !== undefined && { ETag: etag }),
      ...fileHeaders,
    },
    body: texts.part(execution.id, span, length, range),
  };
}

/** Undefined while the text may grow. */
function etagOf(execution: Execution, types: readonly OutputType[] | undefined): string | undefined {
  if (!isFinal(execution.status)) return undefined;
  return `"${execution.id}-${execution.output?.records ?? 0}-${types?.join() ?? 'all'}"`;
}

async function* resultText(
  context: Context,
  execution: Execution,
  types: readonly OutputType[] | undefined,
): AsyncGenerator<string> {
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
