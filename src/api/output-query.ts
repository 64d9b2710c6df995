/** What is asked for of the output of an execution, from its query parameters. A bad value is named in the answer. */
import { Fault } from '../base/errors.ts';
import type { OutputType } from '../core/model/output-record.ts';
import type { SearchWish } from '../operations/search-output.ts';
import { TreeCursor } from '../operations/tree-cursor.ts';
import { isCursor, parseCursor, parseOutputTypes } from '../wire/output.ts';
import type { QuerySpec, QueryValues } from './route.ts';

export const outputFormats = ['text', 'ndjson', 'json', 'raw'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** More would be the log itself. */
const contextLinesMax = 1_000;

export const typeAndCursor = {
  output_type: { kind: 'string', description: 'all, stdout, stderr or output' },
  since: { kind: 'string', description: 'cursor: only records after it' },
} as const satisfies QuerySpec;

export const outputQuery = {
  ...typeAndCursor,
  format: {
    kind: 'string',
    description: 'text, ndjson, json, or raw (the bytes of stdout or stderr as they were written)',
  },
  tail: { kind: 'integer', description: 'only the last so many lines (text) or records (ndjson, json)' },
  offset: { kind: 'integer', description: 'leave out so many lines or records at the start' },
  limit: { kind: 'integer', description: 'at most so many lines or records, or matches of grep; -1: all' },
  grep: { kind: 'string', description: 'only lines that contain this text' },
  grep_regex: {
    kind: 'boolean',
    description: 'grep is a regular expression (RE2: without look-around and back-references)',
  },
  grep_ignore_case: { kind: 'boolean', description: 'upper and lower case are the same to grep' },
  context: { kind: 'integer', description: 'with grep: so many lines before and after each match' },
  recursive: {
    kind: 'boolean',
    description: 'of all executions below it too, one after the other; text with the name of each before its lines',
  },
  download: { kind: 'boolean', description: 'as a file, with a name' },
} as const satisfies QuerySpec;

export interface OutputWish {
  readonly types: readonly OutputType[] | undefined;
  readonly format: OutputFormat;
  readonly afterSeq: number;
  readonly tail: number | undefined;
  readonly offset: number;
  /** Infinity: all. */
  readonly limit: number;
  readonly search: SearchWish | undefined;
  /** All executions below it too, from here on. */
  readonly tree: TreeCursor | undefined;
}

export function parseOutputQuery(query: QueryValues<typeof outputQuery>): OutputWish {
  const format = outputFormats.find((one) => one === (query.format ?? 'text'));
  if (!format) throw new Fault('invalid_input', `format: "${query.format}" is none of ${outputFormats.join(', ')}`);
  const limit = query.limit === undefined || query.limit === -1 ? Number.POSITIVE_INFINITY : query.limit;
  if (limit < 0) throw new Fault('invalid_input', `limit: expected a number from 0, or -1 for all, got ${limit}`);
  const wish: OutputWish = {
    types: parseOutputTypes(query.output_type),
    format,
    afterSeq: query.recursive ? 0 : parseSince(query.since),
    tail: parseTail(query.tail),
    offset: wholeNumber('offset', query.offset) ?? 0,
    limit,
    search: parseSearch(query, limit),
    tree: query.recursive ? parseTreeSince(query.since) : undefined,
  };
  if (wish.tree) refuseForTrees(query);
  const { search } = wish;
  if (search && format === 'raw')
    throw new Fault('invalid_input', 'grep: raw bytes have no lines; take format=text, ndjson or json');
  if (search && (query.tail !== undefined || query.offset !== undefined))
    throw new Fault(
      'invalid_input',
      `${query.tail === undefined ? 'offset' : 'tail'}: cannot be combined with grep; take since=SEQ to go on after a record`,
    );
  return wish;
}

/** A cursor of this parameter is meant as one, other than a `Last-Event-ID`, which browsers send by themselves. */
export function parseSince(text: string | undefined): number {
  if (text !== undefined && !isCursor(text))
    throw new Fault('invalid_input', `since: "${text}" is no cursor; expected the seq of a record`);
  return parseCursor(text);
}

/** Of an execution and all below it. */
export function parseTreeSince(text: string | undefined): TreeCursor {
  const cursor = text === undefined ? new TreeCursor() : TreeCursor.parse(text);
  if (!cursor)
    throw new Fault(
      'invalid_input',
      `since: "${text}" is no cursor of a recursive stream; expected the id of one of its events`,
    );
  return cursor;
}

/** Across executions there is no one order in which these could count. */
function refuseForTrees(query: QueryValues<typeof outputQuery>): void {
  for (const name of ['tail', 'offset', 'limit', 'grep'] as const)
    if (query[name] !== undefined) throw new Fault('invalid_input', `${name}: cannot be combined with recursive`);
  if (query.format === 'raw') throw new Fault('invalid_input', 'format: raw cannot be combined with recursive');
}

export function parseTail(tail: number | undefined): number | undefined {
  if (tail !== undefined && tail < 1) throw new Fault('invalid_input', `tail: expected a number from 1, got ${tail}`);
  return tail;
}

function parseSearch(query: QueryValues<typeof outputQuery>, matchesMax: number): SearchWish | undefined {
  const { grep } = query;
  const contextLines = wholeNumber('context', query.context) ?? 0;
  if (contextLines > contextLinesMax)
    throw new Fault('invalid_input', `context: expected at most ${contextLinesMax} lines, got ${contextLines}`);
  if (grep === undefined) return undefined;
  return {
    pattern: grep,
    isRegex: query.grep_regex ?? false,
    ignoresCase: query.grep_ignore_case ?? false,
    contextLines,
    matchesMax,
  };
}

function wholeNumber(name: string, value: number | undefined): number | undefined {
  if (value !== undefined && value < 0)
    throw new Fault('invalid_input', `${name}: expected a number from 0, got ${value}`);
  return value;
}
