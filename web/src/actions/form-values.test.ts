import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ParameterSchema } from '../server/types.ts';
import { castField, castForm, changedParameters, fieldKind, fieldOrder, fieldText } from './form-values.ts';

function cast(schema: ParameterSchema, text: string): unknown {
  const result = castField(schema, { text });
  return result.kind === 'value' ? result.value : result.kind === 'unset' ? undefined : { wrong: result.message };
}

const wrong = (part: string) => ({ wrong: expect.stringContaining(part) as string });

describe('castField()', () => {
  test.each<[ParameterSchema, string, unknown]>([
    [{ type: 'string' }, ' a b ', ' a b '],
    [{ type: 'string' }, '5', '5'],
    [{ type: 'string' }, '', undefined],
    [{ type: 'string', required: true }, '', wrong('required')],
    [{ type: 'string', required: true, default: 'x' }, '', undefined],
    [{ type: 'string', minLength: 3 }, 'ab', wrong('At least 3')],
    [{ type: 'string', maxLength: 3 }, 'abcd', wrong('At most 3')],
    [{ type: 'string', enum: ['a', 'b'] }, 'b', 'b'],
    [{ type: 'string', enum: ['a', 'b'] }, 'c', wrong('One of a, b')],
    [{ type: 'integer', enum: [1, 2] }, '2', 2],
    [{ type: 'integer' }, ' 12 ', 12],
    [{ type: 'integer' }, '-3', -3],
    [{ type: 'integer' }, '1.5', wrong('whole number')],
    [{ type: 'integer' }, '1e3', wrong('whole number')],
    [{ type: 'integer' }, '99999999999999999999', wrong('too large')],
    [{ type: 'integer', minimum: 1 }, '0', wrong('At least 1')],
    [{ type: 'integer', maximum: 9 }, '10', wrong('At most 9')],
    [{ type: 'integer' }, '{{ st2kv.system.n }}', '{{ st2kv.system.n }}'],
    [{ type: 'number' }, '1.5', 1.5],
    [{ type: 'number' }, 'x', wrong('number')],
    [{ type: 'boolean' }, 'true', true],
    [{ type: 'boolean' }, 'False', false],
    [{ type: 'boolean' }, 'maybe', wrong('One of true, false')],
    [{ type: 'array' }, 'a, b,c', ['a', 'b', 'c']],
    [{ type: 'array' }, 'a, b\nc\n', ['a, b', 'c']],
    [{ type: 'array' }, '[1, "x"]', [1, 'x']],
    [{ type: 'array' }, '[1,', wrong('not JSON')],
    [{ type: 'array', items: { type: 'integer' } }, '1, 2', [1, 2]],
    [{ type: 'array', items: { type: 'integer' } }, '1, b', wrong('Item 2')],
    [{ type: 'object' }, '{"a": 1}', { a: 1 }],
    [{ type: 'object' }, '[1]', wrong('An object')],
    [{ type: 'object' }, 'a=1', wrong('not JSON')],
    [{}, '5', 5],
    [{}, 'text', 'text'],
    [{ type: ['string', 'object'] }, '{"a": 1}', { a: 1 }],
  ])('%j from %j', (schema, text, value) => {
    expect(cast(schema, text)).toEqual(value);
  });

  test('an empty text can be meant', () => {
    const schema = { type: 'string', default: 'x' };
    expect(castField(schema, { text: '', isEmptyText: true })).toEqual({ kind: 'value', value: '' });
  });

  test('what fieldText() shows of a value is read back as that value', () => {
    const schemaFor = (value: unknown): ParameterSchema => ({
      type: Array.isArray(value) ? 'array' : typeof value === 'number' ? 'number' : (typeof value as string),
    });
    const value = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
      fc.boolean(),
      fc.array(fc.jsonValue()),
      fc.dictionary(fc.string(), fc.jsonValue()),
    );
    fc.assert(
      fc.property(value, (original) => {
        const text = fieldText(original);
        // A template inside a list is left for the server, as text.
        fc.pre(typeof original === 'string' || !/\{\{|\{%/.test(text));
        expect(cast(schemaFor(original), text)).toEqual(JSON.parse(JSON.stringify(original)));
      }),
    );
  });
});

test('fieldKind()', () => {
  expect(
    [
      { type: 'string' },
      { type: 'string', secret: true },
      { type: 'integer' },
      { type: 'boolean' },
      { type: 'string', enum: ['a'] },
      { type: 'array' },
      { type: 'object' },
      {},
    ].map(fieldKind),
  ).toEqual(['text', 'secret', 'number', 'choice', 'choice', 'list', 'json', 'text']);
});

test('fieldOrder(): position, then needed, then name; what cannot be changed is left out', () => {
  const order = fieldOrder({
    b: {},
    a: {},
    needed: { required: true },
    second: { position: 1 },
    first: { position: 0 },
    fixed: { immutable: true, position: 0 },
  });
  expect(order.map(([name]) => name)).toEqual(['first', 'second', 'needed', 'a', 'b']);
});

test('castForm() collects all errors and leaves out what was not given', () => {
  const schemas = {
    cmd: { type: 'string', required: true },
    count: { type: 'integer' },
    timeout: { type: 'integer', default: 60 },
  };
  expect(castForm(schemas, { count: { text: 'x' } })).toEqual({
    parameters: {},
    errors: { cmd: 'A value is required.', count: 'A whole number, please.' },
  });
  expect(castForm(schemas, { cmd: { text: 'date' } })).toEqual({ parameters: { cmd: 'date' }, errors: {} });
});

test('changedParameters() sends what changed, null for what was taken out, and leaves secrets alone', () => {
  const schemas = { cmd: {}, env: {}, gone: {}, password: { secret: true }, fixed: { immutable: true } };
  const before = { cmd: 'a', env: { x: 1 }, gone: 1, password: '********', fixed: 1, unknown: 1 };
  expect(changedParameters(before, { cmd: 'b', env: { x: 1 } }, schemas)).toEqual({ cmd: 'b', gone: null });
  expect(changedParameters(before, { cmd: 'a', env: { x: 1 }, gone: 1, password: 'new' }, schemas)).toEqual({
    password: 'new',
  });
});
