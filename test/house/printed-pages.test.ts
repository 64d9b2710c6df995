/** Documentation that repeats a table of the code is printed from it; this fails while a page and its table differ. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorTable } from '../../src/base/errors.ts';
import { executionMoves, executionStatuses } from '../../src/core/model/execution-status.ts';
import { printedPages } from '../../tools/pages/printed-pages.ts';

const root = join(import.meta.dirname, '../..');
const textOf = (path: string) => readFileSync(join(root, path), 'utf8');

it.each(Object.entries(printedPages()))('%s is up to date (npm run docs)', (path, text) => {
  expect(textOf(path)).toBe(text);
});

describe('docs/reference/errors.md', () => {
  it('has a row for every error code and no row without one', () => {
    const rows = [...textOf('docs/reference/errors.md').matchAll(/^\| `(\w+)` \| (\w+) \| (.+) \|$/gm)];
    const documented = Object.fromEntries(rows.map(([, code, kind, when]) => [code, { kind, when }]));
    expect(documented).toEqual(errorTable);
  });
});

describe('docs/reference/execution-status.md', () => {
  it('shows for every pair of statuses whether the move is legal', () => {
    const matrix = textOf('docs/reference/execution-status.md').split('## Every pair')[1] ?? '';
    const [head = [], , ...rows] = matrix
      .trim()
      .split('\n')
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    expect(head.slice(1)).toEqual(executionStatuses);
    expect(rows.map(([from]) => from)).toEqual(executionStatuses);
    for (const [index, from] of executionStatuses.entries()) {
      const moves: readonly string[] = executionMoves[from];
      for (const [column, to] of executionStatuses.entries()) {
        expect(rows[index]?.[column + 1] === '●', `${from} → ${to}`).toBe(moves.includes(to));
      }
    }
  });
});
