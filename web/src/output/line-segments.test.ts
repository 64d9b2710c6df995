import { expect, test } from 'vitest';
import { lineSegments } from './line-segments.ts';

const red = { color: 1 };
const bold = { bold: true } as const;

test('a plain line is one segment, an empty line none', () => {
  expect(lineSegments('abc', [], [])).toEqual([{ text: 'abc', style: {}, isMatch: false }]);
  expect(lineSegments('', [], [])).toEqual([]);
});

test('runs and matches cut each other', () => {
  const runs = [
    { start: 1, style: red },
    { start: 4, style: bold },
  ];
  expect(
    lineSegments('abcdefg', runs, [
      [3, 5],
      [6, 7],
    ]),
  ).toEqual([
    { text: 'a', style: {}, isMatch: false },
    { text: 'bc', style: red, isMatch: false },
    { text: 'd', style: red, isMatch: true },
    { text: 'e', style: bold, isMatch: true },
    { text: 'f', style: bold, isMatch: false },
    { text: 'g', style: bold, isMatch: true },
  ]);
});

test('a run that begins at the end has no text', () => {
  expect(lineSegments('ab', [{ start: 2, style: red }], [])).toEqual([{ text: 'ab', style: {}, isMatch: false }]);
});
