import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OutputLine } from './line-assembler.ts';
import { matchRanges, neighbourHit, noSearch, search, searchPattern } from './output-search.ts';

function line(text: string, index: number): OutputLine {
  return {
    kind: 'text',
    number: index + 1,
    seq: index + 1,
    timestamp: '',
    type: 'stdout',
    text,
    runs: [],
    cutChars: 0,
  };
}

describe('search()', () => {
  const lines = ['Error: no disk', 'ok', 'error again', '(error)'].map(line);

  test('ignores case unless the query has a capital, and takes the query literally', () => {
    expect(search(noSearch, 'error', lines, 9).hits).toEqual([1, 3, 4]);
    expect(search(noSearch, 'Error', lines, 9).hits).toEqual([1]);
    expect(search(noSearch, '(error)', lines, 9).hits).toEqual([4]);
    expect(search(noSearch, '.', lines, 9).hits).toEqual([]);
    expect(search(noSearch, '', lines, 9)).toBe(noSearch);
  });

  test('growing step by step finds what one search of all finds, also when old lines are dropped and young ones change', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'b', 'ab', 'c'), { maxLength: 60 }),
        fc.integer({ min: 1, max: 7 }),
        fc.nat(5),
        (texts, step, drop) => {
          const all = texts.map(line);
          let state = noSearch;
          let first = 0;
          for (let end = 0; end <= all.length; end += step) {
            const shown = all.slice(first, end);
            const last = shown.at(-1);
            if (last?.kind === 'text') shown[shown.length - 1] = { ...last, text: 'unfinished a' };
            state = search(state, 'a', shown, last?.number ?? 1);
            first = Math.min(end, first + Math.min(drop, step));
          }
          expect(search(state, 'a', all.slice(first), 999).hits).toEqual(
            search(noSearch, 'a', all.slice(first), 999).hits,
          );
        },
      ),
    );
  });
});

test('matchRanges() gives every match', () => {
  expect(matchRanges(searchPattern('aa'), 'aaxAAaa')).toEqual([
    [0, 2],
    [3, 5],
    [5, 7],
  ]);
  expect(matchRanges(undefined, 'aa')).toEqual([]);
});

test('neighbourHit() goes around the ends', () => {
  expect(neighbourHit([], 3, 1)).toBeUndefined();
  expect(neighbourHit([2, 5], undefined, 1)).toBe(2);
  expect(neighbourHit([2, 5], undefined, -1)).toBe(5);
  expect([
    neighbourHit([2, 5], 2, 1),
    neighbourHit([2, 5], 5, 1),
    neighbourHit([2, 5], 2, -1),
    neighbourHit([2, 5], 4, -1),
  ]).toEqual([5, 2, 5, 2]);
});
