/**
 * Python regular expressions as JavaScript ones. Schemas of packs carry Python patterns; most mean the same here, but
 * `$` also matches before a last newline there, `\w` and `\d` know all scripts, named groups are spelled differently,
 * and flags may stand inside. What JavaScript cannot say is refused, never approximated.
 */

/** When: a pattern uses something that has no JavaScript form, or is no pattern at all. */
export class UnusablePattern extends Error {
  override name = 'UnusablePattern';
}

/** A RegExp that finds what `re.search` finds. Throws UnusablePattern. */
export function pythonRegExp(pattern: string): RegExp {
  const { flags, body } = splitFlags(pattern);
  const source = new PatternWriter(body, flags).write();
  try {
    return new RegExp(source, `v${flags.includes('i') ? 'i' : ''}${flags.includes('m') ? 'm' : ''}`);
  } catch (error) {
    throw new UnusablePattern(`not a regular expression: ${error instanceof Error ? error.message : ''}`);
  }
}

/** Flags may stand at the start only: `(?i)abc`. */
function splitFlags(pattern: string): { flags: string; body: string } {
  const match = /^\(\?([aiLmsux]+)\)/.exec(pattern);
  if (match === null) return { flags: '', body: pattern };
  const flags = match[1] ?? '';
  if (/[xaL]/.test(flags)) throw new UnusablePattern(`the flags "${flags}" are not supported; only i, m and s are`);
  return { flags, body: pattern.slice(match[0].length) };
}

const wordSet = '\\p{L}\\p{N}_';
const endOfText = '(?![\\s\\S])';
const notEmpty = '(?:(?<=[\\s\\S])|(?=[\\s\\S]))'; // in Python, `\\B` is not found in the empty text

/** Escapes with another meaning, outside and inside of brackets. */
const escapes: Readonly<Record<string, { outside: string; inside?: string }>> = {
  A: { outside: '(?<![\\s\\S])' },
  Z: { outside: endOfText },
  b: { outside: `(?:(?<=[${wordSet}])(?![${wordSet}])|(?<![${wordSet}])(?=[${wordSet}]))`, inside: '\\x08' },
  B: { outside: `${notEmpty}(?:(?<=[${wordSet}])(?=[${wordSet}])|(?<![${wordSet}])(?![${wordSet}]))` },
  d: { outside: '\\p{Nd}', inside: '\\p{Nd}' },
  D: { outside: '\\P{Nd}', inside: '\\P{Nd}' },
  w: { outside: `[${wordSet}]`, inside: wordSet },
  W: { outside: `[^${wordSet}]`, inside: `[^${wordSet}]` },
  s: { outside: '\\s', inside: '\\s' },
  S: { outside: '\\S', inside: '\\S' },
  a: { outside: '\\x07', inside: '\\x07' },
  f: { outside: '\\f', inside: '\\f' },
  n: { outside: '\\n', inside: '\\n' },
  r: { outside: '\\r', inside: '\\r' },
  t: { outside: '\\t', inside: '\\t' },
  v: { outside: '\\v', inside: '\\v' },
};

class PatternWriter {
  readonly #text: string;
  readonly #isMultiline: boolean;
  readonly #any: string;
  #at = 0;

  constructor(text: string, flags: string) {
    this.#text = text;
    this.#isMultiline = flags.includes('m');
    this.#any = flags.includes('s') ? '[\\s\\S]' : '[^\\n]';
  }

  write(): string {
    let out = '';
    while (this.#at < this.#text.length) out += this.#item();
    return out;
  }

  #item(): string {
    const char = this.#next();
    if (char === '\\') return this.#escape(false);
    if (char === '[') return this.#set();
    if (char === '(') return this.#group();
    if (char === '.') return this.#any;
    if (char === '$') return this.#isMultiline ? '$' : `(?=\\n?${endOfText})`;
    if (char === '{') return this.#braces();
    if ('*+?'.includes(char)) return this.#quantifier(char);
    return '^|)'.includes(char) ? char : literal(char);
  }

  #next(): string {
    const char = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0);
    this.#at += char.length;
    return char;
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match) this.#at = pattern.lastIndex;
    return match ?? undefined;
  }

  #quantifier(written: string): string {
    if (this.#take(/\+/y)) throw new UnusablePattern(`possessive quantifiers ("${written}+") are not supported`);
    return written + (this.#take(/\?/y)?.[0] ?? '');
  }

  /** `{2,3}` repeats, `{,3}` too; any other brace is itself. */
  #braces(): string {
    const match = this.#take(/(\d*)(,?)(\d*)\}/y);
    if (match === undefined || match[0] === '}' || match[0] === ',}') {
      if (match) this.#at -= match[0].length;
      return literal('{');
    }
    return this.#quantifier(`{${match[1] || '0'}${match[2]}${match[3]}}`);
  }

  #group(): string {
    if (!this.#text.startsWith('?', this.#at)) return '(';
    if (this.#take(/\?#[^)]*\)/y)) return '';
    const named = this.#take(/\?P<(\w+)>/y);
    if (named) return `(?<${named[1]}>`;
    const reference = this.#take(/\?P=(\w+)\)/y);
    if (reference) return `\\k<${reference[1]}>`;
    const plain = this.#take(/\?(?::|=|!|<=|<!)/y);
    if (plain) return `(${plain[0]}`;
    throw new UnusablePattern(`the group "(${this.#text.slice(this.#at, this.#at + 4)}…" is not supported`);
  }

  #escape(isInside: boolean): string {
    if (this.#at >= this.#text.length) throw new UnusablePattern('the pattern ends in a backslash');
    const code = this.#take(/x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})/y);
    if (code) return codePoint(Number.parseInt(code[1] ?? code[2] ?? code[3] ?? '', 16));
    const octal = this.#take(isInside ? /[0-7]{1,3}/y : /0[0-7]{0,2}|[0-3][0-7]{2}/y);
    if (octal) return codePoint(Number.parseInt(octal[0], 8));
    const reference = isInside ? undefined : this.#take(/[1-9]\d?/y);
    if (reference) return `(?:\\${reference[0]})`; // wrapped, so that a digit that follows stays outside
    const char = this.#next();
    const meaning = Object.hasOwn(escapes, char) ? escapes[char] : undefined;
    const written = isInside ? meaning?.inside : meaning?.outside;
    if (written !== undefined) return written;
    if (/[A-Za-z0-9]/.test(char)) throw new UnusablePattern(`the escape "\\${char}" is not supported`);
    return literal(char);
  }

  #set(): string {
    let out = this.#take(/\^/y) ? '[^' : '[';
    let isFirst = true; // a "]" right at the start stands for itself
    while (isFirst || !this.#take(/\]/y)) {
      isFirst = false;
      const from = this.#setItem();
      if (!this.#take(/-(?!\])/y)) out += from.text;
      else {
        const to = this.#setItem();
        if (from.isSet || to.isSet) throw new UnusablePattern('a range in brackets begins or ends with a set');
        out += `${from.text}-${to.text}`;
      }
    }
    return `${out}]`;
  }

  /** One character, or a set such as `\w`. */
  #setItem(): { text: string; isSet: boolean } {
    if (this.#at >= this.#text.length) throw new UnusablePattern('a "[" is never closed');
    const char = this.#next();
    if (char !== '\\') return { text: literal(char), isSet: false };
    const isSet = /[dDwWsS]/.test(this.#text.charAt(this.#at));
    return { text: this.#escape(true), isSet };
  }
}

/** A character that stands for itself, safe wherever it is put. */
function literal(char: string): string {
  return /[A-Za-z0-9]/.test(char) ? char : codePoint(char.codePointAt(0) ?? 0);
}

function codePoint(value: number): string {
  if (value > 0x10ffff) throw new UnusablePattern('an escape is beyond Unicode');
  return `\\u{${value.toString(16)}}`;
}
