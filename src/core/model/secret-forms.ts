/**
 * In which texts a secret value can turn up in output: as it is, and as the usual tools write it. What is not here is not
 * recognised: hexadecimal, compressed or encrypted text, a value printed character by character.
 */

/** Shorter values would be found everywhere, and hide more output than they protect. */
export const secretLengthMin = 3;
/** Texts that every second program prints. A secret of this value hides nothing. */
const commonWords = new Set(['true', 'false', 'null', 'none']);
/** A line of a secret that has several, and a piece of base64 without its beginning or end, count from this length on. */
const lineLengthMin = 8;
const fragmentLengthMin = 6;
/**
 * Longer texts are looked for in pieces, so that no more than this must wait for what comes next. A private key of 4,096
 * bits has 3.2 KB.
 */
export const formBytesMax = 4096;
/** Where `base64` and PEM break their lines. */
const base64Columns = [76, 64] as const;

/** Every text to look for, in UTF-8, each once. */
export function secretForms(values: Iterable<string>): Buffer[] {
  const texts = new Set<string>();
  for (const value of values) {
    // A value that was read from a file ends with a line end, and is used without it.
    for (const variant of [value, value.trim()]) if (isSecretText(variant)) addForms(variant, texts);
  }
  return [...texts].flatMap((text) => piecesOf(Buffer.from(text)));
}

function isSecretText(value: string): boolean {
  return value.length >= secretLengthMin && !commonWords.has(value.toLowerCase());
}

function addForms(value: string, texts: Set<string>): void {
  addWritten(value, texts);
  addBase64(value, texts);
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  if (lines.length === 1) return;
  // A terminal ends lines its own way, and a program that prints a key may indent it.
  addWritten(lines.join('\r\n'), texts);
  for (const line of lines) if (line.length >= lineLengthMin && isSecretText(line)) addWritten(line, texts);
}

/** What none of the usual tools writes in another way. */
const plainText = /^[\w.-]*$/;

function addWritten(value: string, texts: Set<string>): void {
  texts.add(value);
  if (plainText.test(value)) return;
  for (const text of [...inUrls(value), ...inJson(value), ...inShells(value)]) texts.add(text);
}

/** As browsers, Python's `quote` and `quote_plus`, and strict encoders write it. */
function inUrls(value: string): string[] {
  // As UTF-8 has it: half a surrogate pair is no character, and cannot be encoded.
  const encoded = encodeURIComponent(Buffer.from(value).toString());
  const strict = encoded.replace(/[!'()*]/g, (character) => `%${hex(character, 2).toUpperCase()}`);
  const python = strict.replaceAll('%2F', '/');
  const all = [encoded, strict, python].flatMap((text) => [text, text.replaceAll('%20', '+')]);
  return all.flatMap((text) => [text, text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())]);
}

/** As JavaScript, Python, PHP and Go write it, and as text inside a JSON text. */
function inJson(value: string): string[] {
  const plain = JSON.stringify(value).slice(1, -1);
  const escaped = (text: string, which: RegExp, upper = false) =>
    text.replace(which, (unit) => `\\u${upper ? hex(unit, 4).toUpperCase() : hex(unit, 4)}`);
  const beyondAscii = /[\u007f-\uffff]/g;
  return [
    plain,
    escaped(plain, beyondAscii),
    escaped(plain, beyondAscii, true),
    plain.replaceAll('/', '\\/'),
    escaped(plain, beyondAscii).replaceAll('/', '\\/'),
    escaped(plain, /[<>&]/g),
    JSON.stringify(plain).slice(1, -1),
  ];
}

/** As `shlex.quote`, `set -x`, `printf %q` and hands write it, without the quotes around it. */
function inShells(value: string): string[] {
  return [
    value.replaceAll("'", `'"'"'`),
    value.replaceAll("'", "'\\''"),
    value.replace(/[^\w./:=@%+,\-\u0080-\uffff]/g, '\\$&'),
    value.replace(/["$`\\]/g, '\\$&'),
    // $'…'
    value.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t'),
  ];
}

/**
 * Alone; in lines; and within a longer text, where it may begin at any of three places of a group of characters, and the
 * characters at its edges depend on what is around it: these stay, and say at most six bits of it at each end.
 */
function addBase64(value: string, texts: Set<string>): void {
  const bytes = Buffer.from(value);
  const found: string[] = [];
  const alone = bytes.toString('base64');
  found.push(alone);
  for (const columns of base64Columns)
    for (let at = 0; alone.length > columns && at < alone.length; at += columns) {
      const line = alone.slice(at, at + columns);
      if (line.length >= lineLengthMin) found.push(line);
    }
  for (let before = 0; before < 3; before++) {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const certain = text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    if (certain.length >= fragmentLengthMin) found.push(certain);
  }
  for (const text of found) {
    texts.add(text);
    const urlSafe = text.replaceAll('+', '-').replaceAll('/', '_');
    texts.add(urlSafe);
    if (urlSafe.endsWith('=')) texts.add(urlSafe.replace(/=+$/, ''));
  }
}

function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, '0');
}

/** Of equal length, so that the last one is not short enough to be found everywhere. */
function piecesOf(bytes: Buffer): Buffer[] {
  const count = Math.ceil(bytes.length / formBytesMax);
  const length = Math.ceil(bytes.length / count);
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * length, (at + 1) * length));
}
