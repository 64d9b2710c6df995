/** Whether what an execution runs can be sent input, and what that meets: a question to its stored parameters. */
import type { Execution } from './execution.ts';
import type { ParameterSchemas } from './parameter-schema.ts';
import { isActionsOwn } from './yielding-parameters.ts';

/** `open`: a standard input that stays open. `terminal`: the program sits at a terminal. */
export type ExecutionInput = 'open' | 'terminal';

type Asked = Pick<Execution, 'action' | 'runner' | 'parameters'>;

/** Undefined where it takes none. */
export function inputOf(execution: Asked): ExecutionInput | undefined {
  if (isSet(execution, 'tty')) return 'terminal';
  return isSet(execution, 'interactive') ? 'open' : undefined;
}

/** As `finalParameters` has it for the runner, for these two alone: this is asked for each execution that is shown. */
function isSet({ action, runner, parameters }: Asked, name: string): boolean {
  const declared = findOwn(runner.runner_parameters, name);
  const override = findOwn(action.parameters, name);
  if (declared === undefined || isActionsOwn(name, override)) return false;
  const unsaid = override?.default ?? declared.default;
  if (override?.immutable === true) return unsaid === true;
  return ((Object.hasOwn(parameters, name) ? parameters[name] : undefined) ?? unsaid) === true;
}

function findOwn(schemas: ParameterSchemas, name: string): ParameterSchemas[string] | undefined {
  return Object.hasOwn(schemas, name) ? schemas[name] : undefined;
}
