/**
 * The parameters an execution of an action understands: the runner's, with the action's attributes over them
 * (spec/executions.md §4.1). This is what clients see, what requests are checked against and where defaults come from.
 */
import type { Action } from '../model/action.ts';
import type { ParameterSchema, ParameterSchemas } from '../model/parameter-schema.ts';
import type { RunnerType } from '../model/runner-type.ts';
import { isActionsOwn } from '../model/yielding-parameters.ts';

export type ParameterRunner = Pick<RunnerType, 'runner_parameters'>;
export type ParameterAction = Pick<Action, 'ref' | 'parameters'>;

/** Merged once per pair of records; dropped with them. The same object again lets validators be found again, too. */
const merged = new WeakMap<ParameterSchemas, WeakMap<ParameterSchemas, ParameterSchemas>>();

/**
 * Runner parameters first, then the action's own, each in the order they were written. Of a parameter that both have,
 * the action's attributes win, but a runner's immutability stays, with the runner's default, and a null default of the
 * action does not hide one of the runner.
 */
export function mergedParameters(runner: ParameterRunner, action: ParameterAction): ParameterSchemas {
  let byRunner = merged.get(action.parameters);
  if (byRunner === undefined) {
    byRunner = new WeakMap();
    merged.set(action.parameters, byRunner);
  }
  let parameters = byRunner.get(runner.runner_parameters);
  if (parameters === undefined) {
    parameters = merge(runner.runner_parameters, action.parameters);
    byRunner.set(runner.runner_parameters, parameters);
  }
  return parameters;
}

/** The schema of a parameter by name. Own properties only: a parameter may be called `constructor`. */
export function findSchema(schemas: ParameterSchemas, name: string): ParameterSchema | undefined {
  return Object.hasOwn(schemas, name) ? schemas[name] : undefined;
}

function merge(runner: ParameterSchemas, action: ParameterSchemas): ParameterSchemas {
  const shared = Object.entries(runner).map(([name, schema]) => {
    const override = findSchema(action, name);
    if (override === undefined) return [name, schema] as const;
    return [name, isActionsOwn(name, override) ? override : mergeOne(schema, override)] as const;
  });
  const own = Object.entries(action).filter(([name]) => !Object.hasOwn(runner, name));
  return Object.fromEntries([...shared, ...own]);
}

function mergeOne(runner: ParameterSchema, action: ParameterSchema): ParameterSchema {
  const keepsDefault = 'default' in runner && (runner.immutable === true || (action.default ?? null) === null);
  return {
    ...runner,
    ...action,
    ...(keepsDefault ? { default: runner.default } : {}),
    ...(runner.immutable === true ? { immutable: true } : {}),
  };
}
