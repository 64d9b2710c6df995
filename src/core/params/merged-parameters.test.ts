import { expect, test } from 'vitest';
import { finalParameters } from './final-parameters.ts';
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

test('an action keeps a name for itself that only our runners have, where it declares a type', () => {
  const ours = { runner_parameters: { tty: { type: 'boolean', default: false }, stdin: { type: 'string' } } };
  const action = { ref: 'p.a', parameters: { tty: { default: true }, stdin: { type: 'integer', default: 1 } } };
  expect(mergedParameters(ours, action)).toEqual({
    tty: { type: 'boolean', default: true },
    stdin: { type: 'integer', default: 1 },
  });
  expect(finalParameters({ runner: ours, action, live: {} })).toEqual({ runner: { tty: true }, action: { stdin: 1 } });
});
