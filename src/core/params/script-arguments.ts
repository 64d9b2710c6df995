/**
 * Parameters as the arguments of a script: named ones first, then those with a `position`, in that order
 * (spec/executions.md §4.4). Two things differ from StackStorm, where they are mistakes: lists and objects among named
 * arguments are JSON instead of Python text, and the integer 0 in a position is `0` instead of nothing.
 */
import type { ParameterSchema, ParameterSchemas } from '../model/parameter-schema.ts';
import { pythonStr } from '../model/python-value.ts';

/**
 * Arguments as a process gets them, unquoted: `['--name=x y', 'first', '']`.
 * `parameters` are the action's own schemas, `values` the action half of `finalParameters`, `kwargOp` the text before
 * names (`--`).
 */
export function scriptArguments(input: {
  readonly parameters: ParameterSchemas;
  readonly values: Readonly<Record<string, unknown>>;
  readonly kwargOp: string;
}): string[] {
  const { parameters, values, kwargOp } = input;
  const positioned = Object.entries(parameters)
    .filter(([, schema]) => typeof schema.position === 'number')
    .sort(([, a], [, b]) => Number(a.position) - Number(b.position));
  const hasPosition = new Set(positioned.map(([name]) => name));
  const named = Object.entries(values).filter(([name]) => !hasPosition.has(name));
  return [
    ...named.flatMap(([name, value]) => namedArgument(`${kwargOp}${name}`, value)),
    ...positioned.map(([name, schema]) => positionalArgument(schema, findValue(values, name))),
  ];
}

function namedArgument(name: string, value: unknown): string[] {
  if (value === null || value === undefined || value === '' || value === false) return [];
  return value === true ? [name] : [`${name}=${plainText(value)}`];
}

function positionalArgument(schema: ParameterSchema, value: unknown): string {
  if (value === null || value === undefined || schema.type === 'null') return '';
  if (schema.type === 'boolean') return value ? '1' : '0';
  if (schema.type === 'array' && Array.isArray(value)) return value.map(plainText).join(',');
  if (schema.type === 'object') return typeof value === 'object' && isEmpty(value) ? '' : plainText(value);
  return plainText(value);
}

/** Text as it is, structures as compact JSON, other values as Python prints them (`True`, `5`, `1e-05`). */
function plainText(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : pythonStr(value);
}

function isEmpty(value: object | null): boolean {
  return value === null || Object.keys(value).length === 0;
}

function findValue(values: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
