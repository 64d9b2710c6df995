/** Values as Python prints them: what tables and texts of the original show (`True`, `None`, `{'a': 1}`). */
import { isObject } from '../../base/json.ts';

/** `str(value)`: text as it is, everything else as in `pythonRepr`. */
export function pythonText(value: unknown): string {
  return typeof value === 'string' ? value : pythonRepr(value);
}

/** `repr(value)`. */
export function pythonRepr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'boolean':
      return value ? 'True' : 'False';
    case 'number':
      return String(value);
  }
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(', ')}]`;
  if (!isObject(value)) return String(value);
  const items = Object.entries(value).map(([key, item]) => `${quoted(key)}: ${pythonRepr(item)}`);
  return `{${items.join(', ')}}`;
}

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(/[\\\n\r\t\x00-\x1f\x7f]/g, (c) => {
    const known: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
    return known[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return quote + escaped.replaceAll(quote, `\\${quote}`) + quote;
}

/** Escapes that actions print as two characters become what they mean; carriage returns would garble a table. */
export function displayText(text: string): string {
  return text
    .replaceAll('\\r\\n', '\n')
    .replaceAll('\\n', '\n')
    .replaceAll('\\r', '')
    .replaceAll('\\"', '"')
    .replaceAll('\r', '');
}
