/**
 * Messages are those of StackStorm's validator (Python jsonschema 4), with which 20,000 generated pairs of schema and
 * value were compared: the same ones are refused.
 */
import { expect, test } from 'vitest';
import type { ParameterSchema, ParameterSchemas } from '../model/parameter-schema.ts';
import { findParameterProblem } from './check-parameters.ts';

const message = (schemas: ParameterSchemas, values: Record<string, unknown>): string | undefined =>
  findParameterProblem(schemas, values)?.message;

/** The list form of `items`, which the type of the common form leaves out. */
const tuple = [{}] as unknown as ParameterSchema; // see above

test.each<[ParameterSchemas, Record<string, unknown>, string | undefined]>([
  [{ cmd: { type: 'string', required: true } }, {}, "'cmd' is a required property"],
  [{ a: { type: 'string' } }, { zz: 1 }, "Additional properties are not allowed ('zz' was unexpected)"],
  [{ a: {} }, { z: 1, y: 2 }, "Additional properties are not allowed ('y', 'z' were unexpected)"],
  [{}, { anything: 1 }, undefined],
  [{ a: { type: 'integer', required: true } }, { a: 'x' }, "'x' is not of type 'integer'"],
  [{ a: { type: 'integer' } }, { a: 5.5 }, "5.5 is not of type 'integer', 'null'"],
  [{ a: { type: 'number' } }, { a: true }, "True is not of type 'number', 'null'"],
  [{ a: { type: 'string', enum: ['x', 'y'] } }, { a: 'z' }, "'z' is not one of ['x', 'y']"],
  [{ a: { type: 'string', enum: ['x'] } }, { a: null }, "None is not one of ['x']"],
  [{ a: { type: 'string', enum: ['x'], default: null } }, {}, undefined],
  [{ a: { type: 'string', required: true } }, { a: null }, "None is not of type 'string'"],
  [{ a: { type: 'string', required: true, default: null } }, {}, undefined],
  [{ a: { type: 'string', default: 'd' } }, { a: null }, undefined],
  [{ a: { description: 'any' } }, { a: [1] }, undefined],
  [{ a: { type: 'string', pattern: '^a' } }, { a: 'b' }, "'b' does not match '^a'"],
  [{ a: { type: 'string', minLength: 1 } }, { a: '' }, "'' should be non-empty"],
  [{ a: { type: 'string', maxLength: 2 } }, { a: 'abc' }, "'abc' is too long"],
  [{ a: { type: 'integer', minimum: 1 } }, { a: 0 }, '0 is less than the minimum of 1'],
  [
    { a: { type: 'integer', minimum: 1, exclusiveMinimum: true } },
    { a: 1 },
    '1 is less than or equal to the minimum of 1',
  ],
  [{ a: { type: 'array', uniqueItems: true } }, { a: [1, 1] }, '[1, 1] has non-unique elements'],
  [
    { a: { type: 'array', items: tuple, additionalItems: false } },
    { a: [1, 2] },
    'Additional items are not allowed (2 was unexpected)',
  ],
  [
    { a: { anyOf: [{ type: 'string' }, { type: 'integer' }] } },
    { a: [] },
    '[] is not valid under any of the given schemas',
  ],
  [{ a: { anyOf: [{ type: 'string' }, { type: 'integer' }] } }, { a: null }, undefined],
  [
    { a: { type: 'object', properties: { k: { type: 'string', required: true } } } },
    { a: {} },
    "'k' is a required property",
  ],
  [
    { a: { type: 'object', properties: { k: { type: 'string', required: true, default: 'd' } } } },
    { a: {} },
    undefined,
  ],
  [
    { a: { type: 'array', items: { type: 'object', properties: { k: { type: 'string' } } } } },
    { a: [{ k: null }] },
    undefined,
  ],
  [
    { a: { type: 'object', properties: { k: { $ref: '#/properties/b' } } }, b: { type: 'integer', required: true } },
    { a: { k: 'x' }, b: 1 },
    "'x' is not of type 'integer'",
  ],
  [
    { a: { type: 'object', properties: { k: { type: 'any', format: 'ipv4', choices: [1] } } } },
    { a: { k: 'x' } },
    undefined,
  ],
])('%j with %j: %s', (schemas, values, wanted) => {
  expect(message(schemas, values)).toBe(wanted);
});

test('of several problems the outermost is told, then the first declared', () => {
  const schemas: ParameterSchemas = { b: { type: 'string', required: true }, a: { type: 'integer' } };
  expect(message(schemas, { a: 'x' })).toBe("'b' is a required property");
  expect(message(schemas, { a: 'x', c: 1 })).toBe("Additional properties are not allowed ('c' was unexpected)");
});

test('a secret value is not in the message', () => {
  const secret = { type: 'string', secret: true, pattern: '^a' };
  expect(message({ t: secret }, { t: 'hunter2' })).toBe("'********' does not match '^a'");
  const schemas: ParameterSchemas = { o: { type: 'object', secret: true, properties: { k: { type: 'integer' } } } };
  expect(message(schemas, { o: { k: 'hunter2' } })).toBe("'********' is not of type 'integer', 'null'");
});

test('names that every object has are ordinary names', () => {
  expect(message({ constructor: { type: 'string', required: true } }, {})).toBe("'constructor' is a required property");
  expect(message({ a: {} }, { toString: 1 })).toBe("Additional properties are not allowed ('toString' was unexpected)");
  const values = JSON.parse('{"__proto__": 1}') as Record<string, unknown>; // an own key of that name
  expect(message({ a: {} }, values)).toBe("Additional properties are not allowed ('__proto__' was unexpected)");
});

test('a schema that cannot be used is refused by name', () => {
  expect(() => findParameterProblem({ a: { type: 'string', pattern: 'a++' } }, {})).toThrow(
    'parameters.a: the pattern "a++" cannot be used: possessive quantifiers ("++") are not supported',
  );
  expect(() => findParameterProblem({ a: { $ref: '#/properties/b' } }, {})).toThrow('does not point to a parameter');
});
