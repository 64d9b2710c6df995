import { expect, test } from 'vitest';
import type { ParameterSchemas } from '../model/parameter-schema.ts';
import { scriptArguments } from './script-arguments.ts';

const run = (parameters: ParameterSchemas, values: Record<string, unknown>): string[] =>
  scriptArguments({ parameters, values, kwargOp: '--' });

test('named arguments come first, then positions in their order', () => {
  const parameters = { second: { position: 2 }, name: {}, first: { position: 1 } };
  expect(run(parameters, { second: 'b', name: 'n m', first: 'a' })).toEqual(['--name=n m', 'a', 'b']);
});

test.each([
  [null, []],
  ['', []],
  [false, []],
  [true, ['--x']],
  [0, ['--x=0']],
  ['it\'s "it"', ['--x=it\'s "it"']],
  [['a', { b: 1 }], ['--x=["a",{"b":1}]']],
  [{ a: 'b' }, ['--x={"a":"b"}']],
])('named: %j → %j', (value, wanted) => {
  expect(run({ x: {} }, { x: value })).toEqual(wanted);
});

test.each([
  ['string', 'a b', 'a b'],
  ['string', null, ''],
  ['number', 0.5, '0.5'],
  ['number', 0, '0'],
  ['integer', 0, '0'],
  ['integer', null, ''],
  [undefined, 0, '0'],
  ['boolean', true, '1'],
  ['boolean', false, '0'],
  ['boolean', null, ''],
  ['array', ['a', 1, true, null], 'a,1,True,None'],
  ['array', [], ''],
  ['array', [['a', 1], { b: 2 }], '["a",1],{"b":2}'],
  ['object', { a: [1, 'x'] }, '{"a":[1,"x"]}'],
  ['object', {}, ''],
  ['null', null, ''],
])('positional %s %j → %j', (type, value, wanted) => {
  expect(run({ x: { ...(type === undefined ? {} : { type }), position: 0 } }, { x: value })).toEqual([wanted]);
});

test('a position without a value keeps its slot', () => {
  expect(run({ a: { type: 'string', position: 0 }, b: { type: 'string', position: 1 } }, { b: 'x' })).toEqual([
    '',
    'x',
  ]);
});
