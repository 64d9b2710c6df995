/** One record as a table of `Property` and `Value`. */
import { isObject } from '../../base/json.ts';
import { valueAt } from './attributes.ts';
import { drawGrid } from './grid.ts';
import { compareText, dumpJson } from './json.ts';
import { displayText, pythonText } from './python-text.ts';

/** Attributes shown first, where a command has no order of its own. */
export const usualOrder = ['id', 'name', 'pack', 'description'] as const;

export interface PropertyTableOptions {
  readonly attributes: readonly string[];
  /** These come first in this order; then the rest, sorted where `all` were asked for. */
  readonly order?: readonly string[];
  readonly display?: Readonly<Record<string, (value: unknown) => string>>;
}

export function drawPropertyTable(record: Readonly<Record<string, unknown>>, options: PropertyTableOptions): string {
  const isAll = options.attributes.length === 0 || options.attributes.includes('all');
  const names = isAll ? Object.keys(record).sort(compareText) : options.attributes;
  const order: readonly string[] = options.order ?? usualOrder;
  const first = order.filter((name) => names.includes(name));
  const shown = [...first, ...names.filter((name) => !first.includes(name))];
  const rows = shown.map((name) => {
    const value = valueAt(record, name);
    const display = options.display?.[name];
    return [name, display ? display(value) : displayText(valueText(value))];
  });
  return drawGrid(
    [
      { title: 'Property', widthMax: 20 },
      { title: 'Value', widthMax: 60 },
    ],
    rows,
  );
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.length === 0 ? '' : dumpJson(value);
  if (isObject(value)) return Object.keys(value).length === 0 ? '' : dumpJson(value);
  return pythonText(value);
}
