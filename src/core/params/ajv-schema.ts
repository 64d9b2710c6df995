/**
 * The packs' schema dialect, written as JSON Schema that Ajv reads (draft 7). Ours has `required: true` inside the
 * property and draft 4's boolean `exclusiveMinimum`, lets null through where a parameter is optional, and adds words
 * of its own (spec/packs.md §3). Only keywords with a meaning are carried over, each only with a value of its own type,
 * so that a sloppy schema below the first level never breaks the compiler.
 */
import { Fault, messageOf } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import type { ParameterSchema, ParameterSchemas } from '../model/parameter-schema.ts';
import { pythonRegExp } from './python-pattern.ts';

export type AjvSchema = { [keyword: string]: unknown };

const typeNames = ['array', 'boolean', 'integer', 'number', 'object', 'string', 'null'];
const everyTypeButNull = typeNames.filter((name) => name !== 'null');

/** The schema of a whole parameter map: an object with these members and no others. */
export function ajvSchema(schemas: ParameterSchemas): AjvSchema {
  const root = { type: 'object', properties: schemas, additionalProperties: false };
  return translate(root, root, 'parameters', 'none');
}

/** Which null rule holds for a schema: that of a parameter or property, or none (branches of `anyOf` and so on). */
type NullRule = 'none' | 'property';

function translate(schema: ParameterSchema, root: ParameterSchema, place: string, nulls: NullRule): AjvSchema {
  const reference = schema['$ref'];
  if (typeof reference === 'string') return { $ref: checkedReference(reference, root, place) };
  const isNullable = nulls === 'property' && acceptsNull(schema);
  const out: AjvSchema = {};
  for (const [keyword, value] of Object.entries(schema)) {
    const copy = copyKeyword(schema, keyword, value, { root, place, isNullable });
    if (copy !== undefined) out[keyword] = copy;
  }
  const required = requiredNames(schema);
  if (required.length > 0) out['required'] = required;
  if (nulls === 'property' && schema.type === undefined && !isNullable && !('anyOf' in out || 'oneOf' in out))
    out['type'] = everyTypeButNull; // "any type" does not include null where a value must be given
  return out;
}

/** Null is a value of each property that may be left out, or whose default is null; `enum` still decides. */
function acceptsNull(schema: ParameterSchema): boolean {
  return (schema.required !== true || 'default' in schema) && (schema.default ?? null) === null;
}

interface Surroundings {
  readonly root: ParameterSchema;
  readonly place: string;
  readonly isNullable: boolean;
}

function copyKeyword(schema: ParameterSchema, keyword: string, value: unknown, around: Surroundings): unknown {
  const { root, place, isNullable } = around;
  const inner = (member: unknown, name: string, nulls: NullRule = 'none'): unknown =>
    isObject(member) ? translate(member, root, `${place}.${name}`, nulls) : member === false ? false : {};
  switch (keyword) {
    case 'type':
      return types(value, isNullable);
    case 'enum':
      return Array.isArray(value) && value.length > 0 ? value : undefined;
    case 'minimum':
    case 'maximum':
      return isExclusive(schema, keyword) ? undefined : numberOf(value);
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return value === true ? numberOf(schema[keyword === 'exclusiveMinimum' ? 'minimum' : 'maximum']) : undefined;
    case 'multipleOf':
      return typeof value === 'number' && value > 0 ? value : undefined;
    case 'minLength':
    case 'maxLength':
    case 'minItems':
    case 'maxItems':
    case 'minProperties':
    case 'maxProperties':
      return Number.isInteger(value) && Number(value) >= 0 ? value : undefined;
    case 'uniqueItems':
      return value === true ? true : undefined;
    case 'pattern':
      return typeof value === 'string' ? checkedPattern(value, place) : undefined;
    case 'properties':
      return isObject(value) ? mapEntries(value, (member, name) => inner(member, name, 'property')) : undefined;
    case 'patternProperties':
      if (!isObject(value)) return undefined;
      return mapEntries(value, (member, pattern) => inner(member, checkedPattern(pattern, place)));
    case 'items':
      if (Array.isArray(value)) return value.map((member, index) => inner(member, `items.${index}`));
      return isObject(value) ? inner(value, 'items') : undefined;
    case 'additionalItems':
    case 'additionalProperties':
      return inner(value, keyword);
    case 'not':
      return isObject(value) ? inner(value, keyword) : undefined;
    case 'allOf':
      return branches(value, inner, false);
    case 'anyOf':
    case 'oneOf':
      return branches(value, inner, isNullable);
    case 'dependencies':
      return isObject(value)
        ? mapEntries(value, (member, name) => (Array.isArray(member) ? member : inner(member, name)))
        : undefined;
    default:
      return undefined;
  }
}

function types(value: unknown, isNullable: boolean): readonly string[] | undefined {
  const names = (Array.isArray(value) ? value : [value]).filter(
    (name) => typeof name === 'string' && typeNames.includes(name),
  );
  if (names.length === 0) return undefined; // a type nobody knows, below the first level: any value
  return isNullable && !names.includes('null') ? [...names, 'null'] : names;
}

function branches(
  value: unknown,
  inner: (member: unknown, name: string) => unknown,
  isNullable: boolean,
): unknown[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const translated = value.map((member, index) => inner(member, String(index)));
  const hasNull = value.some((member) => isObject(member) && member['type'] === 'null');
  return isNullable && !hasNull ? [...translated, { type: 'null' }] : translated;
}

/** Members that must be there: draft 3's boolean in the member, and below the first level draft 4's list. */
function requiredNames(schema: ParameterSchema): string[] {
  const members = Object.entries(schema.properties ?? {}).filter(([, member]) => member?.required === true);
  const listed: unknown = schema.required;
  const names = Array.isArray(listed) ? listed.filter((name) => typeof name === 'string') : [];
  return [...new Set([...members.map(([name]) => name), ...names])];
}

function isExclusive(schema: ParameterSchema, keyword: 'minimum' | 'maximum'): boolean {
  return schema[keyword === 'minimum' ? 'exclusiveMinimum' : 'exclusiveMaximum'] === true;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function mapEntries(map: Record<string, unknown>, fn: (value: unknown, key: string) => unknown): AjvSchema {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, fn(value, key)]));
}

function checkedPattern(pattern: string, place: string): string {
  try {
    pythonRegExp(pattern);
  } catch (error) {
    throw new Fault('invalid_parameter', `${place}: the pattern "${pattern}" cannot be used: ${messageOf(error)}`);
  }
  return pattern;
}

/** `#/properties/<name>` and deeper, into the map of parameters itself. */
function checkedReference(reference: string, root: ParameterSchema, place: string): string {
  const steps = reference.startsWith('#') ? reference.slice(1).split('/').slice(1) : [];
  let target: unknown = root;
  for (const step of steps) {
    const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    target =
      typeof target === 'object' && target !== null && Object.hasOwn(target, key)
        ? Reflect.get(target, key)
        : undefined;
  }
  if (steps.length === 0 || !isObject(target))
    throw new Fault('invalid_parameter', `${place}: "$ref: ${reference}" does not point to a parameter of this schema`);
  return reference;
}
