import { expect, test } from 'vitest';
import { actionsByPack } from './actions-by-pack.ts';

const actions = ['linux.ps', 'core.noop', 'core.local'].map((ref) => {
  const [pack = '', name = ''] = ref.split('.');
  return { id: ref, ref, pack, name, runner_type: 'x', description: `Runs ${name} on a Host` };
});
const refs = (search: string) =>
  actionsByPack(actions, search).flatMap((pack) => pack.actions.map((action) => action.ref));

test('packs and actions come by name', () => {
  expect(refs('')).toEqual(['core.local', 'core.noop', 'linux.ps']);
});

test('each word must be in the ref or the description', () => {
  expect(refs('CORE host')).toEqual(['core.local', 'core.noop']);
  expect(refs('core.local')).toEqual(['core.local']);
  expect(refs('core ps')).toEqual([]);
});
