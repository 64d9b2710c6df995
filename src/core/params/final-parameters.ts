/** The last pass, just before an action runs: live values, defaults for the rest, cast, and split by who reads them. */
import type { LiveParameters } from './request-parameters.ts';
import { castParameter, effectiveValue } from './request-parameters.ts';
import { isActionsOwn } from '../model/yielding-parameters.ts';
import { findSchema, mergedParameters, type ParameterAction, type ParameterRunner } from './merged-parameters.ts';

export interface FinalParameters {
  /** What the runner reads: its own parameters, those an action declares again among them. */
  readonly runner: Readonly<Record<string, unknown>>;
  /** What is handed to the script or class. Every declared parameter is there, null where there is no value. */
  readonly action: Readonly<Record<string, unknown>>;
}

/**
 * `live` as `requestParameters` gave it; names nobody declared are dropped. Throws Fault `invalid_parameter` where a
 * default does not fit its own type.
 */
export function finalParameters(input: {
  readonly runner: ParameterRunner;
  readonly action: ParameterAction;
  readonly live: LiveParameters;
}): FinalParameters {
  const { runner, action, live } = input;
  const values = Object.entries(mergedParameters(runner, action)).map(([name, schema]) => {
    const given = Object.hasOwn(live, name) ? live[name] : null;
    return [name, castParameter(name, schema, effectiveValue(schema, given))] as const;
  });
  const isRunners = ([name]: readonly [string, unknown]): boolean =>
    Object.hasOwn(runner.runner_parameters, name) && !isActionsOwn(name, findSchema(action.parameters, name));
  return {
    runner: Object.fromEntries(values.filter(isRunners)),
    action: Object.fromEntries(values.filter((entry) => !isRunners(entry))),
  };
}
