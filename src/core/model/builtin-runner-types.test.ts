import { expect, test } from 'vitest';
import { builtinRunnerTypes, findBuiltinRunnerType, futureRunnerTypeNames } from './builtin-runner-types.ts';
import { checkParameterSchema } from './check-parameter-schema.ts';

test('the parameters of every runner are written in the dialect', () => {
  for (const { name, runner_parameters: parameters } of builtinRunnerTypes)
    for (const [parameter, schema] of Object.entries(parameters))
      expect(checkParameterSchema(schema, [name, parameter])).toEqual([]);
});

const remote = [
  'bastion_host',
  'cwd',
  'dir',
  'env',
  'hosts',
  'kwarg_op',
  'parallel',
  'passphrase',
  'password',
  'port',
  'private_key',
  'sudo',
  'sudo_password',
  'timeout',
  'username',
];

test.each([
  ['local-shell-cmd', ['cmd', 'cwd', 'env', 'kwarg_op', 'sudo', 'sudo_password', 'timeout'], 60],
  [
    'local-shell-script',
    ['content_version', 'cwd', 'debug', 'env', 'kwarg_op', 'sudo', 'sudo_password', 'timeout'],
    60,
  ],
  ['remote-shell-cmd', ['cmd', ...remote].sort(), 60],
  ['remote-shell-script', remote, 60],
  ['python-script', ['content_version', 'debug', 'env', 'log_level', 'timeout'], 600],
])('%s has the parameters that packs rely on', (name, parameters, timeout) => {
  const runner = findBuiltinRunnerType(name);
  // Ours are in no pack that was written for StackStorm.
  const names = [...parameters, 'interactive', 'limits', 'stdin', 'tty'].sort();
  expect(Object.keys(runner?.runner_parameters ?? {}).sort()).toEqual(names);
  expect(runner?.runner_parameters['timeout']?.default).toBe(timeout);
});

test('remote runners have the defaults that packs rely on', () => {
  const parameters = findBuiltinRunnerType('remote-shell-cmd')?.runner_parameters ?? {};
  expect(parameters['cwd']?.default).toBe('/tmp');
  expect(parameters['hosts']?.required).toBe(true);
  expect(parameters['dir']).toMatchObject({ default: '/tmp', immutable: true });
  expect(parameters['parallel']).toMatchObject({ default: false, immutable: true });
  for (const name of ['password', 'private_key', 'passphrase', 'sudo_password'])
    expect(parameters[name]?.secret).toBe(true);
  expect(findBuiltinRunnerType('remote-shell-script')?.runner_parameters['dir']).not.toHaveProperty('immutable');
});

test('names may be written with _ for -', () => {
  expect(findBuiltinRunnerType('local_shell_cmd')?.name).toBe('local-shell-cmd');
  expect(findBuiltinRunnerType('orquesta')).toBeUndefined();
});

test('no runner is both here and yet to come', () => {
  const here = builtinRunnerTypes.map(({ name }) => name);
  expect(futureRunnerTypeNames.filter((name) => here.includes(name))).toEqual([]);
});
