/**
 * How PyYAML's safe dumper writes one string: plain, 'single' or "double" quoted, folded at the width. Users know this
 * look from `st2 … -y`, and compare and grep it; hence to the letter (PyYAML 6 emitter, `analyze_scalar`), with one
 * difference: letters outside ASCII are shown as they are.
 */

export interface ScalarPlace {
  /** Column at which the scalar starts, and indentation of its continuation lines. */
  readonly column: number;
  readonly indent: number;
  /** Lines are folded at spaces beyond this column. */
  readonly width: number;
  /** A mapping's key on the same line as its value: never more than one line. */
  readonly isKey: boolean;
}

export function dumpString(text: string, place: ScalarPlace): string {
  const nature = analyse(text);
  const mayBePlain = nature.plain && !(place.isKey && nature.multiline) && !(text === '' && place.isKey);
  if (mayBePlain && text !== '' && !meansSomethingElse(text)) return fold(text, place, (word) => word);
  if (nature.singleQuoted && !(place.isKey && nature.multiline)) return singleQuoted(text, place);
  return doubleQuoted(text, place);
}

/** PyYAML counts the unwritten tag `!!str` with the key. */
const tagLength = 5;

/** True where the string needs the long `? key` form. */
export function isComplexKey(text: string): boolean {
  return text === '' || Array.from(text).length + tagLength >= 128 || /[\n\x85\u2028\u2029]/.test(text);
}

/** YAML 1.1 would read the plain text as null, a boolean, a number, a time, a merge key … */
function meansSomethingElse(text: string): boolean {
  return implicitMeanings.some((pattern) => pattern.test(text));
}

const implicitMeanings = [
  /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
  /^(?:~|null|Null|NULL)$/,
  /^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
  /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/,
  /^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)$/,
  /^(?:=|<<)$/,
] as const;

interface Nature {
  readonly multiline: boolean;
  readonly plain: boolean;
  readonly singleQuoted: boolean;
}

const isBreak = (c: string | undefined) => c === '\n' || c === '\x85' || c === '\u2028' || c === '\u2029';
const isBlank = (c: string | undefined) =>
  c === undefined || c === '\r' || c === '\t' || c === ' ' || c === '\0' || isBreak(c);

function analyse(text: string): Nature {
  if (text === '') return { multiline: false, plain: false, singleQuoted: true };
  const characters = Array.from(text);
  const last = characters.length - 1;
  let indicators = text.startsWith('---') || text.startsWith('...');
  let special = false;
  let multiline = false;
  let breakThenSpace = false;
  let spaceThenBreak = false;
  for (const [index, c] of characters.entries()) {
    const afterBlank = index === 0 || isBlank(characters[index - 1]);
    const beforeBlank = index === last || isBlank(characters[index + 1]);
    if (index === 0) {
      indicators ||= '#,[]{}&*!|>\'"%@`'.includes(c) || ('?:-'.includes(c) && beforeBlank);
    } else if ((c === ':' && beforeBlank) || (c === '#' && afterBlank)) {
      indicators = true;
    }
    if (isBreak(c)) multiline = true;
    if (!isPrintable(c)) special = true;
    if (c === ' ' && isBreak(characters[index + 1])) spaceThenBreak = true;
    if (isBreak(c) && characters[index + 1] === ' ') breakThenSpace = true;
  }
  const first = characters[0];
  const end = characters[last];
  const edged = first === ' ' || end === ' ' || isBreak(first) || isBreak(end);
  const folds = spaceThenBreak || special;
  return {
    multiline,
    plain: !indicators && !edged && !multiline && !folds && !breakThenSpace,
    singleQuoted: !folds && !breakThenSpace,
  };
}

function isPrintable(c: string): boolean {
  const code = c.codePointAt(0) ?? 0;
  if (c === '\n' || (code >= 0x20 && code <= 0x7e)) return true;
  return (
    code === 0x85 ||
    (code >= 0xa0 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd && code !== 0xfeff) ||
    code >= 0x10000
  );
}

/** Plain and single-quoted text: folded at single spaces beyond the width, never at the edges of the text. */
function fold(text: string, place: ScalarPlace, write: (word: string) => string): string {
  const runs = text.match(/ +|[\n\x85\u2028\u2029]+|[^ \n\x85\u2028\u2029]+/g) ?? [];
  const margin = ' '.repeat(place.indent);
  let column = place.column;
  let result = '';
  for (const [index, run] of runs.entries()) {
    const isInside = index > 0 && index < runs.length - 1;
    if (run === ' ' && column > place.width && isInside && !place.isKey) {
      result += `\n${margin}`;
      column = place.indent;
    } else if (isBreak(run[0])) {
      // Reading folds the first break into a space, so it is written once more.
      result += `${run.startsWith('\n') ? '\n' : ''}${run}${margin}`;
      column = place.indent;
    } else {
      const written = write(run);
      result += written;
      column += lengthOf(written);
    }
  }
  return result;
}

function singleQuoted(text: string, place: ScalarPlace): string {
  const inner = { ...place, column: place.column + 1 };
  return `'${fold(text, inner, (word) => word.replaceAll("'", "''"))}'`;
}

function lengthOf(text: string): number {
  return Array.from(text).length; // columns are counted in characters, not in UTF-16 units
}

const doubleEscapes: Readonly<Record<string, string>> = {
  '\0': '0',
  '\x07': 'a',
  '\x08': 'b',
  '\t': 't',
  '\n': 'n',
  '\x0b': 'v',
  '\x0c': 'f',
  '\r': 'r',
  '\x1b': 'e',
  '"': '"',
  '\\': '\\',
  '\x85': 'N',
  '\u2028': 'L',
  '\u2029': 'P',
};

function doubleQuoted(text: string, place: ScalarPlace): string {
  const characters = Array.from(text);
  let result = '"';
  let column = place.column + 1;
  let pending = '';
  const write = (piece: string) => {
    result += piece;
    column += lengthOf(piece);
    pending = '';
  };
  for (const [index, c] of characters.entries()) {
    const isEscaped = needsEscape(c);
    if (isEscaped) {
      write(pending);
      write(doubleEscapes[c] === undefined ? numericEscape(c) : `\\${doubleEscapes[c]}`);
    }
    const isInside = index > 0 && index < characters.length - 1;
    const end = column + (isEscaped ? -1 : lengthOf(pending)); // PyYAML counts an escape one column short
    if (isInside && (c === ' ' || pending === '') && end > place.width && !place.isKey) {
      write(`${pending}\\`);
      result += `\n${' '.repeat(place.indent)}`;
      column = place.indent;
      // A space that would begin the next line is kept by a backslash of its own.
      if ((isEscaped ? characters[index + 1] : c) === ' ') write('\\');
    }
    if (!isEscaped) pending += c;
  }
  write(pending);
  return `${result}"`;
}

function needsEscape(c: string): boolean {
  const code = c.codePointAt(0) ?? 0;
  if ('"\\\x85\u2028\u2029\ufeff'.includes(c)) return true;
  return !((code >= 0x20 && code <= 0x7e) || (code >= 0xa0 && code <= 0xd7ff) || (code >= 0xe000 && code <= 0xfffd));
}

function numericEscape(c: string): string {
  const code = c.codePointAt(0) ?? 0;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
