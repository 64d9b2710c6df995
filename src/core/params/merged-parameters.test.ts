import { expect, test } from 'vitest';
import { mergedParameters } from './merged-parameters.ts';

const runner = {
  runner_parameters: {
    cmd: { type: 'string', description: 'runner' },
    sudo: { type: 'boolean', default: false },
    dir: { type: 'string', default: '/tmp', immutable: true },
    timeout: { type: 'integer', default: 60 },
  },
};

test('the runner is first, attributes of the action win', () => {
  const action = {
    ref: 'p.a',
    parameters: { host: { type: 'string' }, cmd: { required: true }, sudo: { default: true, immutable: true } },
  };
  const merged = mergedParameters(runner, action);
  expect(Object.keys(merged)).toEqual(['cmd', 'sudo', 'dir', 'timeout', 'host']);
  expect(merged['cmd']).toEqual({ type: 'string', description: 'runner', required: true });
  expect(merged['sudo']).toEqual({ type: 'boolean', default: true, immutable: true });
  expect(mergedParameters(runner, action)).toBe(merged);
});

test("a runner's immutable parameter keeps its default; a null default hides nothing", () => {
  const action = { ref: 'p.a', parameters: { dir: { default: '/x', immutable: false }, timeout: { default: null } } };
  const merged = mergedParameters(runner, action);
  expect(merged['dir']).toEqual({ type: 'string', default: '/tmp', immutable: true });
  expect(merged['timeout']).toEqual({ type: 'integer', default: 60 });
});
