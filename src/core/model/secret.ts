/**
 * Secret values: found by schema, in one place. Everything that shows, stores, streams or logs parameters goes through
 * here: masked where people look, sealed where they rest, listed where output must be redacted
 * (spec/executions.md §4.5).
 */
import { isObject } from '../../base/json.ts';
import type { ParameterSchema, ParameterSchemas } from './parameter-schema.ts';

/** What stands where a secret was. Clients know this text. */
export const secretMask = '********';

/**
 * A copy of `values` with `fn` applied to each secret value. A secret object or array is handed over whole; properties
 * and items that are secret on their own are found inside plain ones. Values without a schema are kept.
 *
 * `({token: {type: 'string', secret: true}}, {token: 'abc', n: 1}, seal)` → `{token: seal('abc'), n: 1}`
 */
export function mapSecrets(
  schemas: ParameterSchemas,
  values: Readonly<Record<string, unknown>>,
  fn: (value: unknown) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, mapValue(propertySchema(schemas, name), value, fn)]),
  );
}

export function maskSecrets(
  schemas: ParameterSchemas,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return mapSecrets(schemas, values, () => secretMask);
}

/**
 * The texts that must not appear in output: every string and number inside a secret value, once each, longest first,
 * so that replacing them in order never leaves the end of one that contains another.
 */
export function secretValues(schemas: ParameterSchemas, values: Readonly<Record<string, unknown>>): string[] {
  const found = new Set<string>();
  mapSecrets(schemas, values, (value) => {
    collectTexts(value, found);
    return value;
  });
  return [...found].sort((a, b) => b.length - a.length);
}

function mapValue(schema: ParameterSchema | undefined, value: unknown, fn: (value: unknown) => unknown): unknown {
  if (schema === undefined) return value;
  if (isSecret(schema)) return fn(value);
  if (Array.isArray(value)) {
    const items: unknown = schema.items;
    return value.map((item, index) => mapValue(asSchema(Array.isArray(items) ? items[index] : items), item, fn));
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, mapValue(memberSchema(schema, name), item, fn)]),
  );
}

/** A value that may be secret by one of its alternatives is secret. */
function isSecret(schema: ParameterSchema): boolean {
  if (schema.secret === true) return true;
  return [schema.anyOf, schema.oneOf, schema.allOf].some(
    (branches) => Array.isArray(branches) && branches.some((branch) => isObject(branch) && branch.secret === true),
  );
}

function memberSchema(schema: ParameterSchema, name: string): ParameterSchema | undefined {
  const own = schema.properties && propertySchema(schema.properties, name);
  return own ?? patternSchema(schema, name) ?? asSchema(schema.additionalProperties);
}

/** Patterns are Python's; for finding secrets the prefix and alternation forms that packs use mean the same in both. */
function patternSchema(schema: ParameterSchema, name: string): ParameterSchema | undefined {
  if (!isObject(schema.patternProperties)) return undefined;
  for (const [pattern, member] of Object.entries(schema.patternProperties))
    if (matches(pattern, name)) return asSchema(member);
  return undefined;
}

function matches(pattern: string, name: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(name);
  } catch {
    return true; // a pattern we cannot read may mean this name: rather hide too much than show a secret
  }
}

/** Own properties only: a parameter may be called `constructor`. */
function propertySchema(schemas: ParameterSchemas, name: string): ParameterSchema | undefined {
  return Object.hasOwn(schemas, name) ? asSchema(schemas[name]) : undefined;
}

function asSchema(value: unknown): ParameterSchema | undefined {
  return isObject(value) ? value : undefined;
}

function collectTexts(value: unknown, found: Set<string>): void {
  if (typeof value === 'string' && value !== '') found.add(value);
  else if (typeof value === 'number') found.add(String(value));
  else if (typeof value === 'object' && value !== null)
    for (const item of Object.values(value)) collectTexts(item, found);
}
