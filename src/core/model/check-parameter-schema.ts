/**
 * Whether a parameter's schema is written in the dialect (spec/packs.md §3). Strict at the first level, where StackStorm
 * refuses what it does not know; lenient below it, where real packs use more than it documents.
 */
import { isObject } from '../../base/json.ts';
import { type ContentProblem, errorAt, type KeyRule, misfits, rules, unknownKeys } from './content-problem.ts';

const typeNames = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];

const number: KeyRule = { what: 'a number', check: (value) => typeof value === 'number' };
const count: KeyRule = {
  what: 'a whole number, 0 or more',
  check: (value) => Number.isInteger(value) && Number(value) >= 0,
};
const schema: KeyRule = { what: 'a schema (a map)', check: isObject };
const schemaOrBoolean: KeyRule = {
  what: 'a schema (a map), true or false',
  check: (value) => isObject(value) || typeof value === 'boolean',
};
const schemaList: KeyRule = {
  what: 'a list of schemas, with at least one',
  check: (value) => Array.isArray(value) && value.length > 0 && value.every(isObject),
};
const schemaMap: KeyRule = {
  what: 'a map of schemas',
  check: (value) => isObject(value) && Object.values(value).every(isObject),
};

/** Draft 4 with `required` in the property, and the three words that packs add. */
const keyRules: Readonly<Record<string, KeyRule>> = {
  id: rules.text,
  $schema: rules.text,
  title: rules.text,
  description: rules.text,
  type: {
    what: `one of ${typeNames.join(', ')}`,
    check: (value) => typeNames.includes(String(value)) && !Array.isArray(value),
  },
  default: { what: 'anything', check: () => true },
  enum: { what: 'a list with at least one value', check: (value) => Array.isArray(value) && value.length > 0 },
  required: {
    what: 'true or false (lists of names belong to another draft)',
    check: (value) => typeof value === 'boolean',
  },
  secret: rules.boolean,
  immutable: rules.boolean,
  position: { what: 'a number, 0 or more', check: (value) => typeof value === 'number' && value >= 0 },
  multipleOf: { what: 'a number above 0', check: (value) => typeof value === 'number' && value > 0 },
  minimum: number,
  maximum: number,
  exclusiveMinimum: rules.boolean,
  exclusiveMaximum: rules.boolean,
  minLength: count,
  maxLength: count,
  pattern: rules.text,
  items: { what: 'a schema, or a list of schemas', check: (value) => isObject(value) || schemaList.check(value) },
  additionalItems: schemaOrBoolean,
  minItems: count,
  maxItems: count,
  uniqueItems: rules.boolean,
  properties: schemaMap,
  patternProperties: schemaMap,
  additionalProperties: schemaOrBoolean,
  minProperties: count,
  maxProperties: count,
  definitions: schemaMap,
  dependencies: rules.map,
  allOf: schemaList,
  anyOf: schemaList,
  oneOf: schemaList,
  not: schema,
};

/** Problems of one parameter's schema at `path`. */
export function checkParameterSchema(value: unknown, path: ContentProblem['path']): ContentProblem[] {
  const name = String(path.at(-1));
  if (!isObject(value)) return [errorAt(path, `parameter "${name}" must be a map, its schema ({} for any value)`)];
  const dependent = (['Minimum', 'Maximum'] as const)
    .filter((limit) => value[`exclusive${limit}`] !== undefined && value[limit.toLowerCase()] === undefined)
    .map((limit) =>
      errorAt([...path, `exclusive${limit}`], `"exclusive${limit}" needs "${limit.toLowerCase()}"`, 'key'),
    );
  return [
    ...unknownKeys(value, Object.keys(keyRules), path, 'the schema of a parameter has no such word'),
    ...misfits(value, keyRules, path),
    ...emptyKeys(value, path),
    ...dependent,
    ...nestedRequired(value, path, true),
  ];
}

/** `type:` with nothing after it: null says something only as a default. */
function emptyKeys(schema: Record<string, unknown>, path: ContentProblem['path']): ContentProblem[] {
  return Object.keys(schema)
    .filter((key) => schema[key] === null && key !== 'default' && Object.hasOwn(keyRules, key))
    .map((key) => errorAt([...path, key], `"${key}" is empty; give it a value or leave it out`, 'key'));
}

/** The list form of `required` is refused at any depth: members would otherwise be optional without a word. */
function nestedRequired(value: unknown, path: ContentProblem['path'], isFirstLevel: boolean): ContentProblem[] {
  if (!isObject(value)) return [];
  const inner = ['properties', 'patternProperties']
    .flatMap((key) =>
      Object.entries(isObject(value[key]) ? value[key] : {}).map(([name, member]) => ({ member, at: [key, name] })),
    )
    .concat(isObject(value.items) ? [{ member: value.items, at: ['items'] }] : []);
  const own = !isFirstLevel && Array.isArray(value.required);
  return [
    ...(own
      ? [errorAt([...path, 'required'], '"required" must be true or false inside the property it is about, not a list')]
      : []),
    ...inner.flatMap(({ member, at }) => nestedRequired(member, [...path, ...at], false)),
  ];
}
