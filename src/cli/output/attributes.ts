/** Attribute names as users type them after `--attr` and `-k`: `status`, `action.ref`, `result.items[0].name`. */
import { isObject } from '../../base/json.ts';

/** The value at the path, or undefined. `[*]` gives the list of what all items hold. */
export function valueAt(record: unknown, path: string): unknown {
  return walk(record, steps(path));
}

/**
 * The record reduced to the attributes, nested as in the original: `action.ref` → `{action: {ref: …}}`. Missing ones
 * are dropped; `all` keeps everything.
 */
export function pickAttributes(record: Readonly<Record<string, unknown>>, attributes: readonly string[]): unknown {
  if (attributes.includes('all')) return record;
  const result: Record<string, unknown> = Object.create(null); // no prototype: "__proto__" is a name like any other
  for (const attribute of attributes) {
    const value = valueAt(record, attribute);
    if (value !== undefined) place(result, steps(attribute), value);
  }
  return result;
}

function place(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) {
    target[name] = value;
    return;
  }
  const inner = target[name];
  const next = isObject(inner) ? inner : Object.create(null);
  target[name] = next;
  place(next, rest, value);
}

function walk(value: unknown, path: readonly string[]): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (Array.isArray(value)) {
    if (step === '*') return value.map((item) => walk(item, rest));
    return /^\d+$/.test(step) ? walk(value[Number(step)], rest) : undefined;
  }
  return isObject(value) && Object.hasOwn(value, step) ? walk(value[step], rest) : undefined;
}

/** `$.a.b[0]['c d']` → a, b, 0, c d. */
function steps(path: string): string[] {
  const found = path.replace(/^\$\.?/, '').matchAll(/\[\s*(?:'([^']*)'|"([^"]*)"|(\d+|\*))\s*\]|([^.[\]]+)/g);
  return Array.from(found, (match) => match[1] ?? match[2] ?? match[3] ?? match[4] ?? '');
}
