/**
 * An action's metadata, from what a file says to the record that is registered (spec/packs.md §4.1). Pure: whether the
 * entry point exists is for the reader of packs.
 */
import { closestName } from '../../base/closest-name.ts';
import { isObject } from '../../base/json.ts';
import type { Action, Notify } from './action.ts';
import {
  builtinRunnerTypes,
  findBuiltinRunnerType,
  futureRunnerTypeNames,
  runnerTypeName,
  type RunnerTypeDefinition,
} from './builtin-runner-types.ts';
import { checkParameterSchema } from './check-parameter-schema.ts';
import {
  type ContentProblem,
  errorAt,
  type KeyRule,
  misfits,
  missingKeys,
  rules,
  unknownKeys,
  warningAt,
} from './content-problem.ts';
import type { ParameterSchemas } from './parameter-schema.ts';
import { pythonRepr } from './python-value.ts';
import { isActionsOwn } from './yielding-parameters.ts';

export interface ParsedAction {
  /** Absent where there is an error, or where no runner of this version can run it. */
  readonly action?: Omit<Action, 'id'>;
  readonly runner?: RunnerTypeDefinition;
  readonly problems: readonly ContentProblem[];
}

const keyRules: Readonly<Record<string, KeyRule>> = {
  name: { what: 'text, with at least one character', check: (value) => typeof value === 'string' && value !== '' },
  runner_type: rules.text,
  description: rules.text,
  enabled: rules.boolean,
  entry_point: rules.text,
  pack: rules.text,
  parameters: rules.map,
  tags: rules.listOfMaps,
  notify: rules.map,
  output_schema: rules.map,
  raw_stdout: rules.boolean,
};

/** Computed at registration; a file that carries them, as exported ones do, is not wrong. */
const computedKeys = ['id', 'ref', 'uid', 'metadata_file'];

/** `pack` is the ref of the pack the file is in, `metadataFile` its path in the pack. */
export function parseAction(raw: unknown, pack: string, metadataFile: string): ParsedAction {
  if (!isObject(raw)) return { problems: [errorAt([], 'an action is a map, with at least name and runner_type')] };
  const problems = [
    ...missingKeys(raw, ['name', 'runner_type'], []),
    ...unknownKeys(withoutComputed(raw), Object.keys(keyRules), []),
    ...misfits(raw, keyRules, []),
    ...packProblems(raw, pack),
    ...notifyProblems(raw.notify),
  ];
  const ref = `${pack}.${String(raw.name)}`;
  const found = typeof raw.runner_type === 'string' ? findRunner(raw.runner_type) : undefined;
  const parameters = isObject(raw.parameters) ? raw.parameters : {};
  problems.push(...(found?.problems ?? []), ...parameterProblems(parameters, ref, found?.runner));
  if (!found?.runner || problems.some(({ severity }) => severity === 'error')) return { problems };
  return { action: build(raw, pack, metadataFile, found.runner.name), runner: found.runner, problems };
}

function withoutComputed(raw: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(raw).filter(([key]) => !computedKeys.includes(key)));
}

function build(
  raw: Record<string, unknown>,
  pack: string,
  metadataFile: string,
  runnerName: string,
): Omit<Action, 'id'> {
  const name = String(raw.name);
  return {
    ref: `${pack}.${name}`,
    uid: `action:${pack}:${name}`,
    pack,
    name,
    ...(typeof raw.description === 'string' && { description: raw.description }),
    enabled: raw.enabled !== false,
    entry_point: typeof raw.entry_point === 'string' ? raw.entry_point : '',
    runner_type: runnerName,
    parameters: (raw.parameters ?? {}) as ParameterSchemas, // checked above
    output_schema: isObject(raw.output_schema) ? raw.output_schema : {},
    tags: (raw.tags ?? []) as Action['tags'], // a list of maps, checked above
    notify: (raw.notify ?? {}) as Notify, // checked above
    metadata_file: metadataFile,
    ...(typeof raw.raw_stdout === 'boolean' && { raw_stdout: raw.raw_stdout }),
  };
}

function findRunner(written: string): { runner?: RunnerTypeDefinition; problems: ContentProblem[] } {
  const runner = findBuiltinRunnerType(written);
  if (runner) return { runner, problems: [] };
  if (futureRunnerTypeNames.some((name) => name === runnerTypeName(written)))
    return {
      problems: [
        warningAt(['runner_type'], `the runner "${written}" is not part of this version; the action is left out`),
      ],
    };
  const known = [...builtinRunnerTypes.map(({ name }) => name), ...futureRunnerTypeNames];
  const near = closestName(runnerTypeName(written), known);
  const guess = near === undefined ? `there are ${known.join(', ')}` : `did you mean "${near}"?`;
  return { problems: [errorAt(['runner_type'], `there is no runner "${written}"; ${guess}`)] };
}

function packProblems(raw: Record<string, unknown>, pack: string): ContentProblem[] {
  if (typeof raw.pack !== 'string' || raw.pack === pack) return [];
  return [errorAt(['pack'], `Model is in pack "${pack}" but field "pack" is different: ${raw.pack}`)];
}

const notifyRules: Readonly<Record<string, KeyRule>> = {
  message: rules.text,
  data: rules.map,
  routes: { what: 'a list', check: Array.isArray },
  channels: { what: 'a list', check: Array.isArray },
};

function notifyProblems(notify: unknown): ContentProblem[] {
  if (!isObject(notify)) return [];
  const events = ['on-complete', 'on-success', 'on-failure'];
  return [
    ...unknownKeys(notify, events, ['notify']),
    ...misfits(notify, Object.fromEntries(events.map((event) => [event, rules.map])), ['notify']),
    ...events.flatMap((event) => {
      const target = notify[event];
      if (!isObject(target)) return [];
      const path = ['notify', event];
      return [...unknownKeys(target, Object.keys(notifyRules), path), ...misfits(target, notifyRules, path)];
    }),
  ];
}

function parameterProblems(
  parameters: Record<string, unknown>,
  ref: string,
  runner: RunnerTypeDefinition | undefined,
): ContentProblem[] {
  const names = Object.keys(parameters)
    .filter((name) => !/^[\p{L}\p{N}_]+$/u.test(name))
    .map((name) =>
      errorAt(['parameters', name], `"${name}" is not a parameter name: letters, digits and _ only`, 'key'),
    );
  const each = Object.entries(parameters).flatMap(([name, schema]) => {
    const path = ['parameters', name];
    const own = checkParameterSchema(schema, path);
    return isObject(schema) && runner ? [...own, ...overrideProblems(schema, path, ref, runner)] : own;
  });
  return [...names, ...each, ...positionProblems(parameters)];
}

const overridable = ['default', 'description', 'enum', 'immutable', 'required'];

/** What an action may say of a parameter that its runner has already declared, and what `immutable` needs. */
function overrideProblems(
  schema: Record<string, unknown>,
  path: readonly string[],
  ref: string,
  runner: RunnerTypeDefinition,
): ContentProblem[] {
  const name = String(path.at(-1));
  const isRunners = Object.hasOwn(runner.runner_parameters, name) && !isActionsOwn(name, schema);
  const declared = isRunners ? runner.runner_parameters[name] : undefined;
  const problems = Object.entries(declared ? schema : {})
    .filter(([key, value]) => !overridable.includes(key) && JSON.stringify(value) !== JSON.stringify(declared?.[key]))
    .map(([key]) =>
      errorAt(
        [...path, key],
        `The attribute "${key}" for the runner parameter "${name}" in action "${ref}" cannot be overridden.`,
        'key',
      ),
    );
  if (schema.immutable === undefined || schema.immutable === null) return problems;
  if (declared?.immutable !== undefined)
    problems.push(
      errorAt([...path, 'immutable'], `Param ${name} is declared immutable in runner. Cannot override in action.`),
    );
  else if (schema.immutable === true && !('default' in schema) && !(declared && 'default' in declared))
    problems.push(errorAt(path, `Immutable param ${name} requires a default value.`, 'key'));
  return problems;
}

/** Positions are 0, 1, 2 … or start at another number, each used once. */
function positionProblems(parameters: Record<string, unknown>): ContentProblem[] {
  const byPosition = new Map<number, string>();
  const problems: ContentProblem[] = [];
  for (const [name, schema] of Object.entries(parameters)) {
    if (!isObject(schema) || typeof schema.position !== 'number') continue;
    const other = byPosition.get(schema.position);
    if (other === undefined) byPosition.set(schema.position, name);
    else
      problems.push(
        errorAt(
          ['parameters', name, 'position'],
          `Parameters ${name} and ${other} have same position ${schema.position}. Position values have to be unique.`,
        ),
      );
  }
  const positions = [...byPosition.keys()].sort((a, b) => a - b);
  const gap = positions.find((position, index) => position !== (positions[0] ?? 0) + index);
  if (gap !== undefined)
    problems.push(
      errorAt(
        ['parameters', byPosition.get(gap) ?? '', 'position'],
        `Positions supplied ${pythonRepr(positions)} for parameters are not contiguous.`,
      ),
    );
  return problems;
}
