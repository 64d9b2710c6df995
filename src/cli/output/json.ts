/** JSON as Python's `json.dumps(indent=4)` lays it out, and the order in which Python sorts text. */
import { isObject } from '../../base/json.ts';

/** Keys sorted: the `-j` form. */
export function dumpSortedJson(value: unknown): string {
  return JSON.stringify(sorted(value), null, 4);
}

/** Keys in their own order: values inside tables. */
export function dumpJson(value: unknown): string {
  return JSON.stringify(value, null, 4);
}

/** Code point order; JavaScript's own comparison is by UTF-16 unit and differs beyond U+FFFF. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const left = Array.from(a);
  const right = Array.from(b);
  for (let index = 0; index < left.length && index < right.length; index += 1) {
    const difference = (left[index]?.codePointAt(0) ?? 0) - (right[index]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  // Entries and not assignment: a key "__proto__" in a result must stay a key.
  return Object.fromEntries(
    Object.keys(value)
      .sort(compareText)
      .map((key) => [key, sorted(value[key])]),
  );
}
