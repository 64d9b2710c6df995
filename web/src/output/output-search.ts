/**
 * Finding text in the kept lines while more arrive: only lines that are new or were still being written are looked at again.
 * The search is for plain text, ignoring case unless the query has a capital letter.
 */
import type { OutputLine } from './line-assembler.ts';

/** More hits than this are not listed; the view says "10,000+". */
export const hitsMax = 10_000;

export interface SearchState {
  readonly query: string;
  /** Numbers of the lines with at least one hit, ascending. */
  readonly hits: readonly number[];
  /** Lines before this number will not change any more and have been looked at. */
  readonly settledBefore: number;
}

export const noSearch: SearchState = { query: '', hits: [], settledBefore: 0 };

/** The pattern for a query, undefined for an empty one. Global: mind `lastIndex`. */
export function searchPattern(query: string): RegExp | undefined {
  if (query === '') return undefined;
  const escaped = query.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  return new RegExp(escaped, /\p{Lu}/u.test(query) ? 'g' : 'gi');
}

/**
 * Brings a search up to date. `lines` are the lines the view shows, ascending by number; those from `unsettledFrom` on may still
 * change. A different query starts anew, and so must the caller when the filter changes (with `noSearch`).
 */
export function search(
  state: SearchState,
  query: string,
  lines: readonly OutputLine[],
  unsettledFrom: number,
): SearchState {
  const pattern = searchPattern(query);
  if (pattern === undefined) return noSearch;
  const from = state.query === query ? state.settledBefore : 0;
  const firstNumber = lines[0]?.number ?? Number.POSITIVE_INFINITY;
  const hits = state.query === query ? state.hits.filter((number) => number < from && number >= firstNumber) : [];
  let index = from <= firstNumber ? 0 : lines.length;
  while (index > 0 && (lines[index - 1]?.number ?? 0) >= from) index -= 1;
  for (; index < lines.length && hits.length < hitsMax; index++) {
    const line = lines[index];
    if (line?.kind !== 'text') continue;
    pattern.lastIndex = 0;
    if (pattern.test(line.text)) hits.push(line.number);
  }
  return { query, hits, settledBefore: Math.min(unsettledFrom, (lines.at(-1)?.number ?? 0) + 1) };
}

/** Where `pattern` (global) matches in `text`, as code unit ranges. */
export function matchRanges(
  pattern: RegExp | undefined,
  text: string,
): readonly (readonly [start: number, end: number])[] {
  if (pattern === undefined) return [];
  return Array.from(text.matchAll(pattern), (match) => [match.index, match.index + match[0].length] as const);
}

/** The hit to go to from line `current`: the next one, or the previous one, around the ends. */
export function neighbourHit(
  hits: readonly number[],
  current: number | undefined,
  direction: 1 | -1,
): number | undefined {
  if (hits.length === 0) return undefined;
  if (current === undefined) return direction === 1 ? hits[0] : hits.at(-1);
  if (direction === 1) return hits.find((number) => number > current) ?? hits[0];
  return hits.findLast((number) => number < current) ?? hits.at(-1);
}
