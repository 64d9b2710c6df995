/**
 * Values as Python writes and reads them. StackStorm's published messages quote values with `repr()`, and its casts
 * accept Python literals (`{'a': True}`) where JSON fails; both are part of the interface, so both live here. Only
 * values that JSON can hold are produced: sets, bytes and complex numbers are refused.
 */
import { isObject, type Json } from '../../base/json.ts';

/** `5.5` → `5.5`, `"it's"` → `"it's"`, `[true, null]` → `[True, None]`: Python's `repr()` of a JSON value. */
export function pythonRepr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return numberRepr(value);
  if (typeof value === 'string') return stringRepr(value);
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(', ')}]`;
  if (isObject(value)) {
    const items = Object.entries(value).map(([key, item]) => `${stringRepr(key)}: ${pythonRepr(item)}`);
    return `{${items.join(', ')}}`;
  }
  return String(value);
}

/** Python's `str()`: like `repr()`, but text stands for itself. */
export function pythonStr(value: unknown): string {
  return typeof value === 'string' ? value : pythonRepr(value);
}

/** The name Python gives to the type of a JSON value: `str`, `int`, `float`, `bool`, `NoneType`, `list`, `dict`. */
export function pythonTypeName(value: unknown): string {
  if (value === null || value === undefined) return 'NoneType';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (typeof value === 'string') return 'str';
  return Array.isArray(value) ? 'list' : 'dict';
}

function numberRepr(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0 || Math.abs(value) >= 1e-4) return String(value);
  // Python switches to an exponent below 1e-4 and pads it to two digits; JavaScript does so below 1e-6, unpadded.
  const [mantissa, exponent] = value.toExponential().split('e-');
  return `${mantissa}e-${exponent?.padStart(2, '0')}`;
}

function stringRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = quote;
  for (const char of text) {
    if (char === '\\' || char === quote) out += `\\${char}`;
    else if (char === '\n') out += '\\n';
    else if (char === '\r') out += '\\r';
    else if (char === '\t') out += '\\t';
    else if (char === ' ' || !/[\p{C}\p{Z}]/u.test(char)) out += char;
    else out += escaped(char.codePointAt(0) ?? 0);
  }
  return out + quote;
}

function escaped(codePoint: number): string {
  const hex = codePoint.toString(16);
  if (codePoint <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return codePoint <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

export type PythonLiteral = { readonly kind: 'value'; readonly value: Json } | { readonly kind: 'not-literal' };

/**
 * What Python's `ast.literal_eval` reads: numbers, strings, `True`, `False`, `None`, lists, dicts and tuples of them.
 * A tuple becomes an array. Anything else (names, calls, sets, bytes) is `not-literal`. Line breaks are white space
 * everywhere, where Python allows them inside brackets only.
 */
export function parsePythonLiteral(text: string): PythonLiteral {
  try {
    return { kind: 'value', value: new LiteralReader(text).read() };
  } catch (error) {
    if (error instanceof NotLiteral) return { kind: 'not-literal' };
    throw error;
  }
}

/** Leaves the recursive reader below; never leaves this file. */
class NotLiteral extends Error {}

/** Python's own parser gives up at 200 nested brackets; so do we, long before our stack ends. */
const nestingMax = 200;

const stringStart = /([A-Za-z]{0,2})('''|"""|'|")/y;
const basedInteger = /0(?:[xX](?:_?[0-9a-fA-F])+|[oO](?:_?[0-7])+|[bB](?:_?[01])+)/y;
const decimalFloat = /(?:\d(?:_?\d)*)?\.(?:\d(?:_?\d)*)?(?:[eE][+-]?\d(?:_?\d)*)?|\d(?:_?\d)*[eE][+-]?\d(?:_?\d)*/y;
const decimalInteger = /0(?:_?0)*(?![_\d])|[1-9](?:_?\d)*/y;
const name = /[\p{L}_][\p{L}\p{N}_]*/uy;

const namedValues: ReadonlyMap<string, Json> = new Map<string, Json>([
  ['True', true],
  ['False', false],
  ['None', null],
]);

class LiteralReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Json {
    const first = this.#value();
    const value = this.#peek() === ',' ? this.#restOfTuple(first, '') : first;
    if (this.#peek() !== '') throw new NotLiteral();
    return value;
  }

  /** The next character that is not white space or comment; the empty string at the end. */
  #peek(): string {
    this.#take(/(?:[ \t\r\n\f]|#[^\n]*|\\\r?\n)*/y);
    return this.#text.charAt(this.#at);
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }

  #value(): Json {
    const next = this.#peek();
    if (next === '[' || next === '(' || next === '{') return this.#bracketed(next);
    if (next === '+' || next === '-') return this.#signed(next);
    const start = this.#take(stringStart);
    if (start) return this.#strings(start);
    const number = this.#number();
    if (number !== undefined) return number;
    const named = namedValues.get(this.#take(name)?.[0] ?? '');
    if (named === undefined) throw new NotLiteral();
    return named;
  }

  #bracketed(open: '[' | '(' | '{'): Json {
    this.#depth += 1;
    if (this.#depth > nestingMax) throw new NotLiteral();
    this.#at += 1;
    const value = open === '{' ? this.#dict() : open === '[' ? this.#items(']', []) : this.#parenthesised();
    this.#depth -= 1;
    return value;
  }

  #parenthesised(): Json {
    if (this.#peek() === ')') return this.#items(')', []);
    const first = this.#value();
    if (this.#peek() === ',') return this.#restOfTuple(first, ')');
    this.#expect(')');
    return first;
  }

  #restOfTuple(first: Json, end: ')' | ''): Json {
    this.#expect(',');
    return this.#items(end, [first]);
  }

  /** Comma-separated values up to `end`, a trailing comma allowed. */
  #items(end: ']' | ')' | '', items: Json[]): Json {
    while (this.#peek() !== end) {
      items.push(this.#value());
      if (this.#peek() !== end) this.#expect(',');
    }
    if (end !== '') this.#expect(end);
    return items;
  }

  #dict(): Json {
    const entries: [string, Json][] = [];
    while (this.#peek() !== '}') {
      const key = this.#value();
      this.#expect(':'); // a set has no colon, and no JSON form
      entries.push([dictKey(key), this.#value()]);
      if (this.#peek() !== '}') this.#expect(',');
    }
    this.#expect('}');
    return Object.fromEntries(entries);
  }

  #expect(char: string): void {
    if (this.#peek() !== char) throw new NotLiteral();
    this.#at += 1;
  }

  #signed(sign: '+' | '-'): Json {
    this.#at += 1;
    this.#peek();
    const value = this.#number();
    if (value === undefined) throw new NotLiteral();
    return sign === '-' ? -value || 0 : value;
  }

  #number(): number | undefined {
    const match = this.#take(basedInteger) ?? this.#take(decimalFloat) ?? this.#take(decimalInteger);
    if (match === undefined) return undefined;
    if (match[0] === '.' || /[\w.]/.test(this.#text.charAt(this.#at))) throw new NotLiteral();
    return Number(match[0].replaceAll('_', ''));
  }

  /** One string, and those that follow it directly: Python joins them. */
  #strings(start: RegExpExecArray): Json {
    let text = this.#string(start);
    for (;;) {
      this.#peek();
      const next = this.#take(stringStart);
      if (next === undefined) return text;
      text += this.#string(next);
    }
  }

  #string(start: RegExpExecArray): string {
    const prefix = (start[1] ?? '').toLowerCase();
    const quote = start[2] ?? "'";
    if (prefix !== '' && prefix !== 'r' && prefix !== 'u') throw new NotLiteral(); // bytes and f-strings
    let text = '';
    for (;;) {
      if (this.#at >= this.#text.length) throw new NotLiteral();
      if (this.#text.startsWith(quote, this.#at)) {
        this.#at += quote.length;
        return text;
      }
      const char = this.#text.charAt(this.#at);
      if (char === '\n' && quote.length === 1) throw new NotLiteral();
      if (char === '\\') text += this.#escape(prefix === 'r');
      else {
        text += char;
        this.#at += 1;
      }
    }
  }

  #escape(isRaw: boolean): string {
    const match = this.#take(/\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|[\s\S])/y);
    if (match === undefined) throw new NotLiteral();
    return isRaw ? match[0] : unescaped(match[0]);
  }
}

const simpleEscapes: ReadonlyMap<string, string> = new Map([
  ['\n', ''],
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

function unescaped(sequence: string): string {
  const body = sequence.slice(1);
  const simple = simpleEscapes.get(body);
  if (simple !== undefined) return simple;
  if (/^[0-7]/.test(body)) return String.fromCodePoint(Number.parseInt(body, 8));
  if (/^[xuUN]/.test(body)) {
    const codePoint = Number.parseInt(body.slice(1), 16);
    if (!(codePoint <= 0x10ffff)) throw new NotLiteral(); // \N{…}, a cut-off escape, or beyond Unicode
    return String.fromCodePoint(codePoint);
  }
  return sequence; // Python keeps the backslash of an escape it does not know
}

/** JSON keys are text; Python's encoder writes the other scalars in their JSON form. */
function dictKey(key: Json): string {
  if (typeof key === 'string') return key;
  if (typeof key === 'object' && key !== null) throw new NotLiteral(); // lists and dicts cannot be keys
  return JSON.stringify(key);
}
