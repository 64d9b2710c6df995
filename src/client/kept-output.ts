/**
 * The output kept so far, on path 1. An answer that breaks off is asked for again and continued at the very byte or
 * record: the text of an execution only grows.
 */
import { Fault, messageOf, systemCode } from '../base/errors.ts';
import { isObject, tryParseJson } from '../base/json.ts';
import type { ApiClient, Query } from './api-client.ts';
import { type OutageTalk, persist } from './passing.ts';

export interface KeptOptions {
  readonly executionId: string;
  readonly outputType?: string;
  /** Only records after this one. */
  readonly since?: string;
  /** Only the last so many lines, or records. */
  readonly tail?: number;
  /** Only lines with this in them; with text only. */
  readonly grep?: { readonly pattern: string; readonly isRegex: boolean; readonly ignoresCase: boolean };
}

/** The text, as it is. */
export function readKeptText(
  client: ApiClient,
  options: KeptOptions,
  talk: OutageTalk,
  write: (piece: Uint8Array) => Promise<void>,
): Promise<void> {
  let written = 0;
  return persist(talk, async (alive) => {
    let position = 0;
    for await (const piece of pieces(client, options, queryOf(options))) {
      alive();
      const fresh = piece.subarray(Math.max(0, written - position));
      position += piece.length;
      if (fresh.length === 0) continue;
      written += fresh.length;
      await write(fresh);
    }
  });
}

/** The records, with time and type. Many at a time. */
export function readKeptRecords(
  client: ApiClient,
  options: KeptOptions,
  talk: OutageTalk,
  write: (records: readonly Readonly<Record<string, unknown>>[]) => Promise<void>,
): Promise<void> {
  let since = options.since;
  return persist(talk, async (alive) => {
    // Tried again, it goes on after what came: the last records are those after it.
    const { tail: _, ...others } = options;
    const wish = since === options.since ? options : { ...others, ...(since === undefined ? {} : { since }) };
    const query: Query = [...queryOf(wish), ['format', 'ndjson']];
    const decoder = new TextDecoder();
    let rest = '';
    for await (const piece of pieces(client, options, query)) {
      alive();
      const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      const records = lines.map(tryParseJson).filter(isObject);
      const seq = records.at(-1)?.seq;
      await write(records);
      if (typeof seq === 'number') since = String(seq);
    }
    const last = tryParseJson(rest);
    if (isObject(last)) await write([last]);
  });
}

function queryOf(options: KeptOptions): Query {
  return [
    ...(options.outputType === undefined ? [] : [['output_type', options.outputType] as const]),
    ...(options.since === undefined ? [] : [['since', options.since] as const]),
    ...(options.tail === undefined ? [] : [['tail', String(options.tail)] as const]),
    ...(options.grep === undefined ? [] : grepQuery(options.grep)),
  ];
}

function grepQuery({ pattern, isRegex, ignoresCase }: NonNullable<KeptOptions['grep']>): Query {
  return [
    ['grep', pattern],
    ['grep_regex', String(isRegex)],
    ['grep_ignore_case', String(ignoresCase)],
  ];
}

async function* pieces(client: ApiClient, options: KeptOptions, query: Query): AsyncGenerator<Uint8Array> {
  const body = await client.open(`/executions/${encodeURIComponent(options.executionId)}/output`, { query });
  try {
    for await (const piece of body) yield piece;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw new Fault('unreachable', `the connection broke (${messageOf(error)})`, { cause: error });
  } finally {
    body.destroy();
  }
}
