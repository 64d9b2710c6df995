import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isObject, oneLineJson, tryParseJson } from './json.ts';

test('JSON on one line says the same, and no line splitter finds a line end in it', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('a\u2028b', '\u2029', '\u0085', '\n\r\n', '\\u2028'),
  );
  fc.assert(
    fc.property(fc.dictionary(text, fc.oneof(text, fc.array(text), fc.integer(), fc.constant(null))), (value) => {
      const json = oneLineJson(value);
      expect(json).not.toMatch(/[\n\r\u0085\u2028\u2029]/);
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('other text stays readable', () => {
  expect(oneLineJson({ a: 'grün ✓' })).toBe('{"a":"grün ✓"}');
});

test('what is no JSON is undefined, what is null is null', () => {
  expect([tryParseJson('{"a":1}'), tryParseJson('null'), tryParseJson('x'), tryParseJson('')]).toEqual([
    { a: 1 },
    null,
    undefined,
    undefined,
  ]);
});

test('an object is neither a list nor nothing', () => {
  expect([{}, { a: 1 }, Object.create(null)].map(isObject)).toEqual([true, true, true]);
  expect([[], null, undefined, 'x', 1].map(isObject)).toEqual([false, false, false, false, false]);
});
