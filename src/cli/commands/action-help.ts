/** `run <action> -h`: what the action does and which parameters it takes. Pure. */
import { isObject } from '../../base/json.ts';
import { compareText } from '../output/json.ts';
import { pythonText } from '../output/python-text.ts';
import { wrapText } from '../output/text-wrap.ts';
import { type Row, rowOf } from './show.ts';

/** The action's definition of a parameter replaces the runner's; what either makes immutable cannot be given. */
export function describeAction(action: Row, runner: Row): string {
  const fromRunner = rowOf(runner.runner_parameters);
  const fromAction = rowOf(action.parameters);
  const all = { ...fromRunner, ...fromAction };
  const open = Object.keys(all)
    .filter((name) => !isMarked(fromRunner[name], 'immutable') && !isMarked(fromAction[name], 'immutable'))
    .sort((a, b) => compareParameters(a, all[a], b, all[b]));
  const required = open.filter((name) => isMarked(all[name], 'required'));
  const optional = open.filter((name) => !isMarked(all[name], 'required'));
  const description = typeof action.description === 'string' ? action.description : '';
  return [
    '',
    ...wrapText(description, 70),
    '',
    ...section('Required Parameters:', required, all),
    ...section('Optional Parameters:', optional, all),
  ].join('\n');
}

function isMarked(schema: unknown, mark: string): boolean {
  return isObject(schema) && schema[mark] === true;
}

function compareParameters(a: string, schemaA: unknown, b: string, schemaB: unknown): number {
  const position = (schema: unknown) =>
    isObject(schema) && typeof schema.position === 'number' ? schema.position : Number.POSITIVE_INFINITY;
  const [first, second] = [position(schemaA), position(schemaB)];
  return first === second ? compareText(a, b) : first - second;
}

function section(title: string, names: readonly string[], schemas: Row): string[] {
  return names.length === 0 ? [] : [title, ...names.flatMap((name) => parameter(name, rowOf(schemas[name])))];
}

function parameter(name: string, schema: Row): string[] {
  const text = (value: unknown) => (Array.isArray(value) ? value.map(pythonText).join(', ') : pythonText(value));
  const facts = [
    ...(typeof schema.description === 'string' && schema.description !== '' ? [schema.description] : []),
    ...(schema.type === undefined || schema.type === null ? [] : [`Type: ${text(schema.type)}`]),
    ...(Array.isArray(schema.enum) && schema.enum.length > 0 ? [`Enum: ${text(schema.enum)}`] : []),
    ...(schema.default === undefined || schema.default === null || schema.default === ''
      ? []
      : [`Default: ${pythonText(schema.default)}`]),
  ];
  return [...indent([name], 4), ...facts.flatMap((fact) => indent(wrapText(fact, 78 - 8), 8)), ''];
}

function indent(lines: readonly string[], columns: number): string[] {
  return lines.map((line) => ' '.repeat(columns) + line);
}
