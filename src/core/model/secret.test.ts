import { expect, test } from 'vitest';
import type { ParameterSchema, ParameterSchemas } from './parameter-schema.ts';
import { mapSecrets, maskSecrets, secretValues } from './secret.ts';

/** The list form of `items`, which the type of the common form leaves out. */
const tuple = [{ type: 'string' }, { type: 'string', secret: true }] as unknown as ParameterSchema; // see above

const schemas: ParameterSchemas = {
  token: { type: 'string', secret: true },
  whole: { type: 'object', secret: true, properties: { a: { type: 'string' } } },
  login: { type: 'object', properties: { user: { type: 'string' }, password: { type: 'string', secret: true } } },
  list: { type: 'array', items: { type: 'object', properties: { key: { type: 'string', secret: true } } } },
  pairs: { type: 'array', items: tuple },
  either: { anyOf: [{ type: 'string', secret: true }, { type: 'integer' }] },
  map: { type: 'object', additionalProperties: { type: 'string', secret: true } },
  matched: { type: 'object', patternProperties: { '^pw_': { type: 'string', secret: true } } },
  plain: { type: 'string' },
};

test('maskSecrets() masks by schema, at any depth, and leaves the rest', () => {
  const values = {
    token: 'abc',
    whole: { a: 'x', b: [1] },
    login: { user: 'ann', password: 'pw' },
    list: [{ key: 'k', n: 1 }, 'odd'],
    pairs: ['name', 'pass'],
    either: 5,
    map: { any: 'thing' },
    matched: { pw_db: 'x', host: 'h' },
    plain: 'abc',
    unknown: { token: 'abc' },
  };
  expect(maskSecrets(schemas, values)).toEqual({
    token: '********',
    whole: '********',
    login: { user: 'ann', password: '********' },
    list: [{ key: '********', n: 1 }, 'odd'],
    pairs: ['name', '********'],
    either: '********',
    map: { any: '********' },
    matched: { pw_db: '********', host: 'h' },
    plain: 'abc',
    unknown: { token: 'abc' },
  });
});

test('mapSecrets() there and back gives the same values', () => {
  const values = { token: null, login: { password: ['a', { b: 1 }] }, plain: 'p' };
  const sealed = mapSecrets(schemas, values, (value) => `sealed:${JSON.stringify(value)}`);
  expect(sealed).toEqual({ token: 'sealed:null', login: { password: 'sealed:["a",{"b":1}]' }, plain: 'p' });
  expect(mapSecrets(schemas, sealed, (value) => JSON.parse(String(value).slice('sealed:'.length)))).toEqual(values);
});

test('names that every object has are not taken for schemas', () => {
  const values = JSON.parse('{"constructor": "x", "__proto__": {"secret": true}}') as Record<string, unknown>; // own keys
  expect(JSON.stringify(maskSecrets({}, values))).toBe('{"constructor":"x","__proto__":{"secret":true}}');
});

test('secretValues() lists texts and numbers once, longest first', () => {
  const values = { token: 'abc', whole: { a: 'abcdef', b: [12, true, '', null] }, either: 'abc', plain: 'shown' };
  expect(secretValues(schemas, values)).toEqual(['abcdef', 'abc', '12']);
});
