/**
 * The request-time pass over parameters: what a caller supplied becomes what is stored on the execution, or a refusal
 * in StackStorm's words (spec/executions.md §4.1, §4.2 pass 1). Supplied values are literals; templates in them are
 * text, and a template as a default is refused, since nothing renders templates yet.
 */
import { Fault, isFault } from '../../base/errors.ts';
import type { ParameterSchema } from '../model/parameter-schema.ts';
import { pythonRepr } from '../model/python-value.ts';
import { castValue } from './cast-value.ts';
import { findParameterProblem } from './check-parameters.ts';
import { findSchema, mergedParameters, type ParameterAction, type ParameterRunner } from './merged-parameters.ts';
import { isTemplate } from './template.ts';

export type SuppliedParameters = Readonly<Record<string, unknown>>;
export type LiveParameters = Readonly<Record<string, unknown>>;

export interface ParameterRequest {
  readonly runner: ParameterRunner;
  readonly action: ParameterAction;
  readonly supplied: SuppliedParameters;
}

/**
 * `{live}`: the supplied parameters, cast, an explicit null replaced by the default. Defaults are not added; they are
 * taken when the execution starts. Throws Fault `invalid_parameter`: unknown, missing, of the wrong type, immutable, or
 * not to be cast; `details.parameter` names the one, where there is one.
 */
export function requestParameters(request: ParameterRequest): { readonly live: LiveParameters } {
  const { runner, action, supplied } = request;
  const live = liveParameters(request);
  const problem = findParameterProblem(mergedParameters(runner, action), live);
  if (problem) throw refusal(problem.message, problem.parameter);
  const frozen = Object.keys(supplied).filter((name) => findSchema(mergedParameters(runner, action), name)?.immutable);
  if (frozen.length > 0)
    throw refusal(`Override of immutable parameter(s) ${pythonRepr(frozen)} is unsupported.`, frozen[0]);
  return { live };
}

/** The casts alone, without the checks: immutable parameters take their default, unknown ones stay as they are. */
export function liveParameters({ runner, action, supplied }: ParameterRequest): LiveParameters {
  const schemas = mergedParameters(runner, action);
  refuseTemplateDefaults(schemas, action, supplied);
  return Object.fromEntries(
    Object.entries(supplied).map(([name, value]) => {
      const schema = findSchema(schemas, name);
      return [name, schema === undefined ? value : castParameter(name, schema, effectiveValue(schema, value))];
    }),
  );
}

/** The value that counts: the default where the parameter is immutable, or nothing was given. */
export function effectiveValue(schema: ParameterSchema, value: unknown): unknown {
  return schema.immutable === true ? (schema.default ?? null) : (value ?? schema.default ?? null);
}

/** `castValue`, with the parameter named in the details and the values that JSON cannot hold refused. */
export function castParameter(name: string, schema: ParameterSchema, value: unknown): unknown {
  const cast = castNamed(name, schema, value);
  if (typeof cast === 'number' && !Number.isFinite(cast))
    throw refusal(`parameter ${pythonRepr(name)}: ${pythonRepr(cast)} is not a number that JSON can hold`, name);
  return cast;
}

function castNamed(name: string, schema: ParameterSchema, value: unknown): unknown {
  try {
    return castValue(schema, value);
  } catch (error) {
    if (!isFault(error, 'invalid_parameter')) throw error;
    throw new Fault('invalid_parameter', error.message, { details: { parameter: name }, cause: error });
  }
}

function refuseTemplateDefaults(
  schemas: ReturnType<typeof mergedParameters>,
  action: ParameterAction,
  supplied: SuppliedParameters,
): void {
  for (const [name, schema] of Object.entries(schemas)) {
    const given = Object.hasOwn(supplied, name) ? supplied[name] : undefined;
    const isUsed = schema.immutable === true || (given ?? null) === null;
    if (isUsed && isTemplate(schema.default))
      throw refusal(
        `action ${action.ref}: the default of parameter ${pythonRepr(name)} is a template (${pythonRepr(schema.default)}), ` +
          `and templates are not rendered by this version; ${schema.immutable ? 'the action cannot run' : 'give a value'}`,
        name,
      );
  }
}

function refusal(message: string, parameter: string | undefined): Fault {
  return new Fault('invalid_parameter', message, { details: parameter === undefined ? {} : { parameter } });
}
