/** A list of records as a table: one row each, widths shared out over the terminal as the original does (spec/cli.md §7.1). */
import { isObject } from '../../base/json.ts';
import { valueAt } from './attributes.ts';
import { drawGrid } from './grid.ts';
import { compareText } from './json.ts';
import { displayText, pythonText } from './python-text.ts';

export interface ListTableOptions {
  readonly attributes: readonly string[];
  /** As given with `-w`; undefined or empty: worked out from the terminal. */
  readonly widths?: readonly number[];
  readonly terminalWidth: number;
  /** What to show for a value of that attribute instead of the value itself. */
  readonly display?: Readonly<Record<string, (value: unknown, record: Readonly<Record<string, unknown>>) => string>>;
}

type Row = Readonly<Record<string, unknown>>;

/** An id must not be broken; 26 is 24 hex digits and room for the mark of a nested workflow. */
const idWidthMin = 26;
/** The longest status with its elapsed time. */
const statusWidth = 24;
/** A column that has to make room for the status keeps at least this. */
const lastWidthMin = 5;
/** The width of columns for which none was asked or worked out. */
const fallbackWidth = 28;

export function drawListTable(records: readonly Row[], options: ListTableOptions): string {
  const isAll = options.attributes.includes('all');
  const attributes = isAll ? allAttributes(records) : options.attributes;
  const asked = options.widths ?? [];
  const widths = asked.length > 0 || isAll ? asked : shareWidths(attributes, records, options.terminalWidth);
  const columns = attributes.map((title, index) => ({
    title,
    widthMax: columnWidth(widths, index, attributes.length),
  }));
  const rows = records.map((record) =>
    attributes.map((attribute) => {
      const value = valueAt(record, attribute);
      const display = options.display?.[attribute];
      return display ? display(value, record) : displayText(cellText(value));
    }),
  );
  return drawGrid(columns, rows);
}

function columnWidth(widths: readonly number[], index: number, count: number): number {
  if (widths.length === count) return widths[index] ?? fallbackWidth;
  return widths.length === 1 ? (widths[0] ?? fallbackWidth) : fallbackWidth;
}

function shareWidths(attributes: readonly string[], records: readonly Row[], terminalWidth: number): number[] {
  const isIdFirst = attributes[0] === 'id';
  const first = isIdFirst ? Math.max(idWidthMin, ...records.map((record) => String(record.id ?? '').length)) : 0;
  const share = Math.max(1, Math.floor((terminalWidth - first) / attributes.length));
  let borrowed = 0;
  return attributes.map((attribute, index) => {
    if (index === 0) return isIdFirst ? first : share;
    if (attribute === 'status') {
      borrowed += statusWidth - share;
      return statusWidth;
    }
    const isLast = index === attributes.length - 1;
    return isLast && borrowed !== 0 ? Math.max(lastWidthMin, share - borrowed) : share;
  });
}

function allAttributes(records: readonly Row[]): string[] {
  return Object.keys(records[0] ?? {}).sort(compareText);
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) {
    const isSimple = value.every((item) => !isObject(item) && !Array.isArray(item));
    return isSimple ? value.map(pythonText).join(', ') : pythonText(value);
  }
  return pythonText(value);
}
