import { expect, test } from 'vitest';
import { builtinRunnerTypes, findBuiltinRunnerType, futureRunnerTypeNames } from './builtin-runner-types.ts';
import { checkParameterSchema } from './check-parameter-schema.ts';

test('the parameters of every runner are written in the dialect', () => {
  for (const { name, runner_parameters: parameters } of builtinRunnerTypes)
    for (const [parameter, schema] of Object.entries(parameters))
      expect(checkParameterSchema(schema, [name, parameter])).toEqual([]);
});

test.each([
  ['local-shell-cmd', ['cmd', 'cwd', 'env', 'kwarg_op', 'sudo', 'sudo_password', 'timeout'], 60],
  [
    'local-shell-script',
    ['content_version', 'cwd', 'debug', 'env', 'kwarg_op', 'sudo', 'sudo_password', 'timeout'],
    60,
  ],
  ['python-script', ['content_version', 'debug', 'env', 'log_level', 'timeout'], 600],
])('%s has the parameters that packs rely on', (name, parameters, timeout) => {
  const runner = findBuiltinRunnerType(name);
  // Ours are in no pack that was written for StackStorm.
  const names = [...parameters, 'interactive', 'stdin', 'tty'].sort();
  expect(Object.keys(runner?.runner_parameters ?? {}).sort()).toEqual(names);
  expect(runner?.runner_parameters['timeout']?.default).toBe(timeout);
});

test('names may be written with _ for -', () => {
  expect(findBuiltinRunnerType('local_shell_cmd')?.name).toBe('local-shell-cmd');
  expect(findBuiltinRunnerType('orquesta')).toBeUndefined();
});

test('no runner is both here and yet to come', () => {
  const here = builtinRunnerTypes.map(({ name }) => name);
  expect(futureRunnerTypeNames.filter((name) => here.includes(name))).toEqual([]);
});
