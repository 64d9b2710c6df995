import { expect, it } from 'vitest';
import { pickAttributes, valueAt } from './attributes.ts';

const execution = {
  id: '1',
  action: { ref: 'core.local' },
  result: { items: [{ n: 1 }, { n: 2 }], 'a b': 3, none: null },
};

it.each([
  ['id', '1'],
  ['action.ref', 'core.local'],
  ['result.items[1].n', 2],
  ['result.items.0.n', 1],
  ['result.items[*].n', [1, 2]],
  ["$.result['a b']", 3],
  ['result.none', null],
  ['result.missing', undefined],
  ['id.deeper', undefined],
  ['constructor', undefined],
])('valueAt(%s)', (path, value) => {
  expect(valueAt(execution, path)).toEqual(value);
});

it('pickAttributes() nests what was asked for and drops what is missing', () => {
  const picked = pickAttributes(execution, ['id', 'action.ref', 'result.none', 'nope', 'a.b']);
  expect(JSON.stringify(picked)).toBe('{"id":"1","action":{"ref":"core.local"},"result":{"none":null}}');
});
