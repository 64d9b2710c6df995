import { expect, test } from 'vitest';
import { sampleAction, sampleExecution, sampleRunnerType } from '../../../test/support/sample-execution.ts';
import { findBuiltinRunnerType } from './builtin-runner-types.ts';
import { inputOf } from './execution-input.ts';
import type { ParameterSchemas } from './parameter-schema.ts';

const runner = sampleRunnerType({
  runner_parameters: findBuiltinRunnerType('local-shell-cmd')?.runner_parameters ?? {},
});

function inputWith(parameters: Record<string, unknown>, declared: ParameterSchemas = {}) {
  return inputOf(sampleExecution({ runner, action: sampleAction({ parameters: declared }), parameters }));
}

test('an execution takes input by what was asked for, else by what its action says', () => {
  expect(inputWith({})).toBeUndefined();
  expect(inputWith({ stdin: 'x' })).toBeUndefined();
  expect(inputWith({ interactive: true })).toBe('open');
  expect(inputWith({ tty: true })).toBe('terminal');
  expect(inputWith({ tty: true, interactive: true })).toBe('terminal');
  expect(inputWith({}, { interactive: { default: true } })).toBe('open');
  expect(inputWith({ interactive: false }, { interactive: { default: true } })).toBeUndefined();
  expect(inputWith({ interactive: null }, { interactive: { default: true } })).toBe('open');
  expect(inputWith({ tty: true }, { tty: { default: false, immutable: true } })).toBeUndefined();
});

test("an action's own parameter of that name says nothing of it, and neither does another runner's", () => {
  expect(inputWith({ tty: true }, { tty: { type: 'boolean' } })).toBeUndefined();
  expect(inputOf(sampleExecution({ runner: sampleRunnerType(), parameters: { tty: true } }))).toBeUndefined();
});
