/** What is wrong with a file of a pack, before it is known where in the text that is. */
import { closestName } from '../../base/closest-name.ts';
import { isObject } from '../../base/json.ts';
import { pythonRepr } from './python-value.ts';

export interface ContentProblem {
  /** A file with an error is not registered; one with warnings only is. */
  readonly severity: 'error' | 'warning';
  /** Keys and indexes from the top of the file: `['parameters', 'cmd', 'type']`. */
  readonly path: readonly (string | number)[];
  /** Whether to point at the value or at the key that leads to it. */
  readonly part: 'key' | 'value';
  readonly message: string;
}

type Path = ContentProblem['path'];

export function errorAt(path: Path, message: string, part: 'key' | 'value' = 'value'): ContentProblem {
  return { severity: 'error', path, part, message };
}

export function warningAt(path: Path, message: string, part: 'key' | 'value' = 'value'): ContentProblem {
  return { severity: 'warning', path, part, message };
}

/** One problem for each key that is not among `known`, with a guess at what was meant, else `otherwise`. */
export function unknownKeys(
  map: Record<string, unknown>,
  known: readonly string[],
  path: Path,
  otherwise = `expected one of ${known.join(', ')}`,
): ContentProblem[] {
  return Object.keys(map)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const near = closestName(key, known);
      const guess = near === undefined ? otherwise : `did you mean "${near}"?`;
      return errorAt([...path, key], `unknown key "${key}"; ${guess}`, 'key');
    });
}

/** What a key must hold, by name; `check` answers for values that are neither missing nor null. */
export interface KeyRule {
  readonly what: string;
  readonly check: (value: unknown) => boolean;
}

export const rules = {
  text: { what: 'text', check: (value) => typeof value === 'string' },
  boolean: { what: 'true or false', check: (value) => typeof value === 'boolean' },
  map: { what: 'a map', check: isObject },
  listOfText: { what: 'a list of text', check: (value) => isListOf(value, (item) => typeof item === 'string') },
  listOfMaps: { what: 'a list of maps', check: (value) => isListOf(value, isObject) },
} as const satisfies Record<string, KeyRule>;

function isListOf(value: unknown, check: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(check);
}

/** Problems of the keys that are there and hold something else than their rule says. Null counts as missing. */
export function misfits(
  map: Record<string, unknown>,
  keyRules: Readonly<Record<string, KeyRule>>,
  path: Path,
): ContentProblem[] {
  return Object.entries(keyRules).flatMap(([key, rule]) => {
    const value = map[key] ?? null;
    if (value === null || rule.check(value)) return [];
    return [
      errorAt([...path, key], `"${key}" must be ${rule.what}, not ${pythonRepr(value)}${quoteHint(rule, value)}`),
    ];
  });
}

/** `version: 1.0`, `name: yes`: meant as text, read as something else. */
function quoteHint(rule: KeyRule, value: unknown): string {
  return rule === rules.text && typeof value !== 'object' ? '; put it in quotes' : '';
}

/** Keys that must be there and hold something. */
export function missingKeys(map: Record<string, unknown>, required: readonly string[], path: Path): ContentProblem[] {
  return required
    .filter((key) => (map[key] ?? null) === null)
    .map((key) => errorAt(path, `${pythonRepr(key)} is a required property`));
}
