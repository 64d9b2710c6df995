/** Turns the text of a setting into its value by its row in the option table, or says what was expected instead. */
import { isObject, tryParseJson } from '../base/json.ts';
import type { OptionRow } from './config-options.ts';

export type OptionResult = { readonly value: unknown } | { readonly expected: string };

const yes = ['true', '1', 'yes', 'on', 't', 'y'];
const no = ['false', '0', 'no', 'off', 'f', 'n'];

/** `true`, `false`, or undefined where the text is neither. Any case, and the forms that st2.conf takes. */
export function parseBoolean(text: string): boolean | undefined {
  if (yes.includes(text.toLowerCase())) return true;
  return no.includes(text.toLowerCase()) ? false : undefined;
}

/** The value has the type that `ValueOf` gives the row. An empty text, or `None`, is the default where that is none. */
export function parseOption(row: OptionRow, text: string): OptionResult {
  if (row.required) {
    const given = typeof row.required.value === 'boolean' ? parseBoolean(text) : text;
    if (given === row.required.value) return { value: row.required.value };
    if (row.required.value === '') return { expected: `nothing: ${row.required.because}` };
    return { expected: `only ${JSON.stringify(row.required.value)}: ${row.required.because}` };
  }
  if (row.default === null && (text === '' || text === 'None')) return { value: null };
  switch (row.type) {
    case 'text':
      return text === '' ? { expected: 'a text' } : { value: text };
    case 'boolean': {
      const value = parseBoolean(text);
      return value === undefined ? { expected: 'True or False' } : { value };
    }
    case 'integer':
      return parseNumber(row, text, /^[+-]?\d+$/, 'a whole number');
    case 'number':
      return parseNumber(row, text, /^[+-]?\d+(\.\d+)?$/, 'a number');
    case 'days':
      if (text === '' || text === 'None' || /^0+$/.test(text)) return { value: null };
      // A hundred years: what is longer is a slip, and would overflow as a date.
      return /^\d{1,5}$/.test(text) && Number(text) <= 36_500
        ? { value: Number(text) }
        : { expected: 'a whole number of days, or 0 to keep for ever' };
    case 'list':
      return { value: text === '[]' ? [] : split(text, ',') };
    case 'paths':
      return { value: split(text, ':') };
    case 'object': {
      const value = tryParseJson(text);
      return isObject(value) ? { value } : { expected: 'a JSON object' };
    }
    case 'choice': {
      const value = row.choices?.find((choice) => choice.toLowerCase() === text.toLowerCase());
      return value === undefined ? { expected: `one of ${row.choices?.join(', ')}` } : { value };
    }
  }
}

function parseNumber(row: OptionRow, text: string, form: RegExp, name: string): OptionResult {
  const value = Number(text);
  const isInRange = value >= (row.min ?? -Infinity) && value <= (row.max ?? Number.MAX_SAFE_INTEGER);
  if (form.test(text) && isInRange) return { value };
  const unit = row.unit ? ` (${row.unit})` : '';
  if (row.min === undefined) return { expected: `${name}${unit}` };
  return { expected: `${name}${unit} ${row.max === undefined ? `>= ${row.min}` : `from ${row.min} to ${row.max}`}` };
}

function split(text: string, separator: string): string[] {
  return text
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
