/** One execution as text: `name: value` a line, lists and objects as YAML below the name (spec/cli.md §4.4). */
import { isObject, tryParseJson } from '../../base/json.ts';
import { valueAt } from './attributes.ts';
import { paint } from './colours.ts';
import { compareText } from './json.ts';
import { displayText, pythonText } from './python-text.ts';
import { dumpYaml } from './yaml.ts';

export interface ExecutionTextOptions {
  readonly attributes: readonly string[];
  readonly coloured: boolean;
  readonly display?: Readonly<Record<string, (value: unknown) => string>>;
}

/** Lines joined by newlines, without one at the end. */
export function executionText(execution: Readonly<Record<string, unknown>>, options: ExecutionTextOptions): string {
  const attributes = options.attributes.includes('all') ? Object.keys(execution).sort(compareText) : options.attributes;
  return attributes
    .map((name) => {
      const value = valueAt(execution, name);
      const display = options.display?.[name];
      const label = options.coloured ? paint(name, 'blue') : name;
      return `${label}: ${display ? display(value) : attributeText(value)}`;
    })
    .join('\n');
}

/** Parameters that hide their value whatever their schema says. */
const secretNames = ['password', 'private_key'];

/** The parameters as they may be shown. */
export function withoutSecrets(execution: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { parameters } = execution;
  if (!isObject(parameters)) return execution;
  const masked = Object.entries(parameters).map(([name, value]) => [
    name,
    secretNames.includes(name) ? '********' : value,
  ]);
  return { ...execution, parameters: Object.fromEntries(masked) };
}

function attributeText(value: unknown): string {
  if (typeof value === 'string') {
    const text = displayText(value);
    const parsed = /^(?:\{.*\}|\[.*\])$/s.test(text) ? tryParseJson(text) : undefined;
    return isObject(parsed) || Array.isArray(parsed) ? attributeText(parsed) : text;
  }
  const isFilled = Array.isArray(value) ? value.length > 0 : isObject(value) && Object.keys(value).length > 0;
  if (isFilled) return `\n${indented(dumpYaml(value, { indent: 2, width: Number.POSITIVE_INFINITY }))}`;
  return pythonText(value);
}

/** Two columns deeper. Lines inside a quoted string are moved too: YAML reads them the same. */
function indented(yaml: string): string {
  return yaml.trimEnd().replace(/^(?=.)/gm, '  ');
}
