/**
 * Casts: a supplied value becomes the type its parameter declares, by Python's rules and with Python's messages where
 * clients know them (spec/executions.md §4.3, checked by test/conformance/param-casting.ts).
 */
import { Fault } from '../../base/errors.ts';
import { tryParseJson } from '../../base/json.ts';
import type { ParameterSchema } from '../model/parameter-schema.ts';
import { parsePythonLiteral, pythonRepr, pythonStr, pythonTypeName } from '../model/python-value.ts';
import { secretMask } from '../model/secret.ts';

/** Text that templates leave behind for "no value". */
const noneMarker = '%*****__%NONE%__*****%';

/**
 * The value in the schema's type. Null stays null; without a type, or with several, the value stays as it is.
 * Throws Fault `invalid_parameter`; the value of a secret parameter is not in its message.
 */
export function castValue(schema: ParameterSchema, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof schema.type !== 'string') return value;
  return castTo(schema.type, value, schema.secret === true ? secretMask : value);
}

/**
 * The bare cast to a type name of the dialect; unknown names leave the value alone. Unlike `castValue` it has no rule
 * for null, of which `integer` and `number` cannot be made. `shown` stands for the value in messages.
 */
export function castTo(type: string, value: unknown, shown: unknown = value): unknown {
  switch (type) {
    case 'string':
      return castString(value, shown);
    case 'integer':
      return castInteger(withoutMarker(value), shown);
    case 'number':
      return castNumber(withoutMarker(value), shown);
    case 'boolean':
      return castBoolean(withoutMarker(value), shown);
    case 'array':
    case 'object':
      return castStructure(type, withoutMarker(value), shown);
    default:
      return value;
  }
}

/** Chat gives lists as text with commas: `a, b` → `["a", "b"]`. What is a list already stays. */
export function castCommaList(value: unknown): unknown {
  return typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value;
}

function withoutMarker(value: unknown): unknown {
  return value === noneMarker ? null : value;
}

function castString(value: unknown, shown: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'string')
    throw refusal(`Value "${pythonStr(shown)}" must either be a string or None. Got "${pythonTypeName(value)}".`);
  return withoutMarker(value);
}

function castInteger(value: unknown, shown: unknown): number {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'number') return Math.trunc(value) + 0; // Python has no integer -0
  if (typeof value !== 'string')
    throw refusal(
      `int() argument must be a string, a bytes-like object or a real number, not '${pythonTypeName(value)}'`,
    );
  const text = plainDigits(value.trim());
  if (!/^[+-]?\d+(?:_\d+)*$/.test(text)) throw refusal(`invalid literal for int() with base 10: ${pythonRepr(shown)}`);
  return Number(text.replaceAll('_', '')) + 0;
}

const floatText = /^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/i;
const namedFloat = /^([+-]?)(inf|infinity|nan)$/i;

/** May give NaN or an infinity, as Python does; the request refuses those, since JSON cannot hold them. */
function castNumber(value: unknown, shown: unknown): number {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'number') return value;
  if (typeof value !== 'string')
    throw refusal(`float() argument must be a string or a real number, not '${pythonTypeName(value)}'`);
  const text = plainDigits(value.trim());
  const named = namedFloat.exec(text);
  if (named) {
    if (named[2]?.toLowerCase() === 'nan') return Number.NaN;
    return named[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  if (!floatText.test(text)) throw refusal(`could not convert string to float: ${pythonRepr(shown)}`);
  return Number(text.replaceAll('_', ''));
}

/** Text is read as a Python literal after Python's `capitalize()`, so `TRUE` and `true` are true, and `1` is 1. */
function castBoolean(value: unknown, shown: unknown): unknown {
  if (typeof value !== 'string') return value;
  const literal = parsePythonLiteral(value.slice(0, 1).toUpperCase() + value.slice(1).toLowerCase());
  if (literal.kind === 'value') return literal.value;
  throw refusal(`value ${pythonRepr(shown)} is not a boolean; expected true or false`);
}

function castStructure(type: 'array' | 'object', value: unknown, shown: unknown): unknown {
  if (typeof value !== 'string') return value;
  const parsed = tryParseJson(value);
  if (parsed !== undefined) return parsed;
  const literal = parsePythonLiteral(value);
  if (literal.kind === 'value') return literal.value;
  throw refusal(`value ${pythonRepr(shown)} is not an ${type}; expected JSON, or a Python literal`);
}

/** Python reads the decimal digits of every script; each script has its ten in a row, from zero up. */
function plainDigits(text: string): string {
  return text.replace(/[^\x00-\x7f]/gu, (char) => (isDigit(char) ? digitOf(char) : char));
}

function digitOf(char: string): string {
  let before = 0;
  for (let point = (char.codePointAt(0) ?? 0) - 1; isDigit(String.fromCodePoint(point)); point -= 1) before += 1;
  return String(before % 10);
}

function isDigit(char: string): boolean {
  return /^\p{Nd}$/u.test(char);
}

function refusal(message: string): Fault {
  return new Fault('invalid_parameter', message);
}
