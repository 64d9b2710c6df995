/**
 * Values as PyYAML's `safe_dump(default_flow_style=False)` writes them: block style, keys sorted, lists in a mapping
 * not indented. Only what JSON can hold. How a single string looks is yaml-scalar.ts's matter.
 */
import { isObject } from '../../base/json.ts';
import { compareText } from './json.ts';
import { dumpString, isComplexKey } from './yaml-scalar.ts';

export interface YamlForm {
  /** Columns per level: 4 for `-y`, 2 in an execution's text. */
  readonly indent: number;
  /** Long strings are folded beyond it; Infinity never folds. */
  readonly width: number;
}

/** Ends in a newline. A bare scalar is followed by the document end mark, as PyYAML does: `5\n...\n`. */
export function dumpYaml(value: unknown, form: YamlForm): string {
  const isCollection = Array.isArray(value) || isObject(value);
  if (!isCollection || isEmpty(value)) {
    const text = scalar(value, { column: 0, indent: form.indent, form, isKey: false });
    const isOpen = !isCollection && !/^['"]/.test(text);
    return `${text}\n${isOpen ? '...\n' : ''}`;
  }
  return block(value, 0, form).join('');
}

/** The lines of a collection that is not empty; the first one is written where its parent stands. */
function block(value: unknown, indent: number, form: YamlForm): string[] {
  if (Array.isArray(value)) return value.map((item) => entry(`${' '.repeat(indent)}-`, item, indent, 'list', form));
  const record = isObject(value) ? value : {};
  return Object.keys(record)
    .sort(compareText)
    .map((key) => keyed(key, record[key], indent, form));
}

function keyed(key: string, value: unknown, indent: number, form: YamlForm): string {
  const margin = ' '.repeat(indent);
  if (isComplexKey(key)) {
    const text = dumpString(key, { column: indent + 2, indent: indent + form.indent, width: form.width, isKey: false });
    return `${margin}? ${text}\n${entry(`${margin}:`, value, indent, 'list', form)}`;
  }
  const text = dumpString(key, { column: indent, indent, width: form.width, isKey: true });
  return entry(`${margin}${text}:`, value, indent, 'mapping', form);
}

/** What follows `key:` or `-`. */
function entry(head: string, value: unknown, indent: number, parent: 'mapping' | 'list', form: YamlForm): string {
  if ((Array.isArray(value) || isObject(value)) && !isEmpty(value)) {
    if (parent === 'mapping') {
      const deeper = Array.isArray(value) ? indent : indent + form.indent;
      return `${head}\n${block(value, deeper, form).join('')}`;
    }
    // In a list the first line stands beside the dash, padded to the level of the rest.
    const deeper = indent + form.indent;
    return head + block(value, deeper, form).join('').slice(head.length);
  }
  const column = Array.from(head).length + 1;
  const inner = indent + form.indent;
  return `${head} ${scalar(value, { column, indent: inner, form, isKey: false })}\n`;
}

function scalar(value: unknown, place: { column: number; indent: number; form: YamlForm; isKey: boolean }): string {
  if (value === null || value === undefined) return 'null';
  switch (typeof value) {
    case 'string':
      return dumpString(value, { ...place, width: place.form.width });
    case 'boolean':
      return String(value);
    case 'number':
      return number(value);
    default:
      return Array.isArray(value) ? '[]' : '{}';
  }
}

function number(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return BigInt(value).toString();
  if (!Number.isFinite(value)) return Number.isNaN(value) ? '.nan' : value > 0 ? '.inf' : '-.inf';
  const text = String(value).replace(/e([-+])(\d)$/, 'e$10$2');
  return text.includes('.') ? text : text.replace('e', '.0e');
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}
