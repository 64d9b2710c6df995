/**
 * What will go wrong with an action's parameters when it is run, told when it is registered: defaults that do not fit,
 * templates that nothing renders yet, patterns that cannot be used.
 */
import { isFault, messageOf } from '../base/errors.ts';
import type { Action } from '../core/model/action.ts';
import type { RunnerTypeDefinition } from '../core/model/builtin-runner-types.ts';
import { type ContentProblem, warningAt } from '../core/model/content-problem.ts';
import { castValue } from '../core/params/cast-value.ts';
import { mergedParameters } from '../core/params/merged-parameters.ts';
import { pythonRegExp, UnusablePattern } from '../core/params/python-pattern.ts';
import { isTemplate } from '../core/params/template.ts';
import type { ParameterSchema } from '../core/model/parameter-schema.ts';

export function parameterWarnings(runner: RunnerTypeDefinition, action: Omit<Action, 'id'>): ContentProblem[] {
  const schemas = mergedParameters(runner, action);
  return Object.keys(action.parameters).flatMap((name) => {
    const schema = schemas[name];
    return schema === undefined ? [] : [...defaultWarnings(name, schema), ...patternWarnings(name, schema)];
  });
}

function defaultWarnings(name: string, schema: ParameterSchema): ContentProblem[] {
  const path = ['parameters', name, 'default'];
  if (isTemplate(schema.default)) {
    const effect = schema.immutable === true ? 'the action cannot run' : 'a value must be given for each run';
    return [warningAt(path, `the default of "${name}" is a template, which this version does not render: ${effect}`)];
  }
  try {
    castValue(schema, schema.default);
  } catch (error) {
    if (!isFault(error, 'invalid_parameter')) throw error;
    return [warningAt(path, `the default of "${name}" does not fit its type, ${schema.type}: ${messageOf(error)}`)];
  }
  return [];
}

function patternWarnings(name: string, schema: ParameterSchema): ContentProblem[] {
  const pattern = schema['pattern'];
  if (typeof pattern !== 'string') return [];
  try {
    pythonRegExp(pattern);
    return [];
  } catch (error) {
    if (!(error instanceof UnusablePattern)) throw error;
    const message = `the pattern of "${name}" cannot be used, and each run will be refused: ${error.message}`;
    return [warningAt(['parameters', name, 'pattern'], message)];
  }
}
