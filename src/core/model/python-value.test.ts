/** Expected texts and values were taken from CPython 3.11. */
import { expect, test } from 'vitest';
import { parsePythonLiteral, pythonRepr, pythonStr, pythonTypeName } from './python-value.ts';

test.each([
  [null, 'None'],
  [true, 'True'],
  [5, '5'],
  [0.5, '0.5'],
  [1e-5, '1e-05'],
  [1e22, '1e+22'],
  ['a', "'a'"],
  ["it's", '"it\'s"'],
  ['\'"', "'\\'\"'"],
  ['a\n\t\\\x00\u00a0é\u200b😀', "'a\\n\\t\\\\\\x00\\xa0é\\u200b😀'"],
  [['sudo', null], "['sudo', None]"],
  [{ a: [1, { b: false }] }, "{'a': [1, {'b': False}]}"],
])('pythonRepr() writes %j as Python does', (value, text) => {
  expect(pythonRepr(value)).toBe(text);
});

test('pythonStr() leaves text alone', () => {
  expect(pythonStr("it's")).toBe("it's");
  expect(pythonStr(['a'])).toBe("['a']");
});

test('pythonTypeName() names what JSON can hold', () => {
  expect([null, true, 1, 1.5, '', [], {}].map(pythonTypeName)).toEqual([
    'NoneType',
    'bool',
    'int',
    'float',
    'str',
    'list',
    'dict',
  ]);
});

test.each([
  ["{'a': True, 'b': (1, 2.5, None)}", { a: true, b: [1, 2.5, null] }],
  ['[1,]', [1]],
  ['1, 2', [1, 2]],
  ['()', []],
  ['(1)', 1],
  ['-0x1F', -31],
  ['1_000', 1000],
  ['.5e1', 5],
  ['\'a\' "b"', 'ab'],
  ["r'\\n'", '\\n'],
  ["'\\x41\\u00e9\\101\\q'", 'AéA\\q'],
  ["'''a\nb'''", 'a\nb'],
  ['[1, # one\n 2]', [1, 2]],
  ['{1: 2, True: 3, None: 4}', { 1: 2, true: 3, null: 4 }],
])('parsePythonLiteral() reads %s', (text, value) => {
  expect(parsePythonLiteral(text)).toEqual({ kind: 'value', value });
});

test.each([
  '',
  'a',
  'a=1',
  '[1, 2',
  '{1, 2}',
  "b'x'",
  "f'x'",
  '010',
  '1j',
  "'a",
  "'\\x4'",
  '[true]',
  'f()',
  '1 2',
  '{[]: 1}',
  `${'['.repeat(100_000)}`,
])('parsePythonLiteral() refuses %.20s', (text) => {
  expect(parsePythonLiteral(text)).toEqual({ kind: 'not-literal' });
});

test('parsePythonLiteral() keeps a key called __proto__ a key', () => {
  const literal = parsePythonLiteral("{'__proto__': {'x': 1}}");
  expect(JSON.stringify(literal)).toBe('{"kind":"value","value":{"__proto__":{"x":1}}}');
});
