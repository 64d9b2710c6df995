/** Query parameters: only declared ones, cast to their kind, with StackStorm's texts for what cannot be (spec/api.md §2). */
import { Fault } from '../base/errors.ts';
import { unreachable } from '../base/assert.ts';
import type { RawQuery } from './credentials.ts';
import type { QueryKind, QuerySpec } from './route.ts';

const yes = ['true', '1', 'yes', 'y'];
const no = ['false', '0', 'no', 'n'];

export function queryValues(
  spec: QuerySpec,
  raw: RawQuery,
): Record<string, string | number | boolean | string[] | undefined> {
  return Object.fromEntries(
    Object.entries(spec).map(([name, { kind }]) => [
      name,
      castValue(name, kind, Object.hasOwn(raw, name) ? raw[name] : undefined),
    ]),
  );
}

function castValue(
  name: string,
  kind: QueryKind,
  given: string | readonly string[] | undefined,
): string | number | boolean | string[] | undefined {
  const values = (typeof given === 'string' ? [given] : (given ?? [])).filter((value) => value !== '');
  const value = values.at(-1); // of one that is given twice, the last counts
  if (value === undefined) return undefined;
  switch (kind) {
    case 'string':
      return value;
    case 'array':
      return values.flatMap((one) => one.split(','));
    case 'integer':
      if (!/^-?[0-9]+$/.test(value)) throw wrongType(name, kind);
      return Number(value);
    case 'boolean':
      if (yes.includes(value.toLowerCase())) return true;
      if (no.includes(value.toLowerCase())) return false;
      throw wrongType(name, kind);
    default:
      return unreachable(kind);
  }
}

function wrongType(name: string, kind: QueryKind): Fault {
  return new Fault('invalid_input', `Parameter "${name}" is not of type ${kind}`);
}
