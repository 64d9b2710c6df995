/** The ASCII grid of tables: left aligned, one space of padding, cells wrapped at their column's width. */
import { wrapText } from './text-wrap.ts';

export interface Column {
  readonly title: string;
  /** Cells wrap here; a longer title widens the column all the same. */
  readonly widthMax: number;
}

/** Lines of the grid joined by newlines, without one at the end. Without titles there is no head. */
export function drawGrid(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: { readonly withHead?: boolean } = {},
): string {
  const withHead = options.withHead ?? true;
  const widths = columns.map((column, index) => {
    const widest = Math.max(0, ...rows.map((row) => textWidth(row[index] ?? '')));
    return Math.max(withHead ? visibleWidth(column.title) : 0, Math.min(widest, column.widthMax));
  });
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+`;
  const head = withHead ? [drawRow([columns.map((column) => [column.title])], widths), rule] : [];
  const body = rows.map((row) => drawRow([row.map((cell, index) => wrapCell(cell, widths[index] ?? 1))], widths));
  return [rule, ...head.flat(), ...body.flat(), rule].join('\n');
}

function drawRow(cellRows: readonly (readonly (readonly string[])[])[], widths: readonly number[]): string[] {
  return cellRows.flatMap((cells) => {
    const height = Math.max(1, ...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) => {
      const texts = widths.map((width, index) => pad(cells[index]?.[line] ?? '', width));
      return `| ${texts.join(' | ')} |`;
    });
  });
}

function wrapCell(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => {
    if (visibleWidth(line) <= width) return [line];
    const lines = wrapText(line, Math.max(width, 1));
    return lines.length > 0 ? lines : [''];
  });
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - visibleWidth(text)));
}

function textWidth(text: string): number {
  return Math.max(...text.split('\n').map(visibleWidth));
}

/** Columns on a terminal: colour codes take none, East Asian wide characters and emoji take two. */
function visibleWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const c of text.replace(/\x1b\[[0-9;]*m/g, '')) width += /\p{M}/u.test(c) ? 0 : isWide(c) ? 2 : 1;
  return width;
}

function isWide(c: string): boolean {
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u.test(
    c,
  );
}
