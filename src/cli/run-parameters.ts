/**
 * The words after `st2 run <action>` to the parameters that are sent (spec/cli.md §4.3). Pure: files are read by a
 * function that the caller hands in. What the server makes of the values is the server's matter; here only the types
 * that the action and its runner declare are honoured.
 */
import { Fault } from '../base/errors.ts';
import { isObject, tryParseJson } from '../base/json.ts';

export type ParameterSchemas = Readonly<Record<string, unknown>>;

export interface ParameterSource {
  readonly actionRef: string;
  readonly runnerParameters: ParameterSchemas;
  readonly actionParameters: ParameterSchemas;
  /** `--auto-dict`: `x=a:1,b:2` for an array is one object. */
  readonly autoDict: boolean;
  /** Text and base name of a file named by `@name=path`; throws where it cannot be read. */
  readonly readFile: (path: string) => { readonly text: string; readonly baseName: string };
}

/**
 * `['cmd=date', 'env=A=1,B=2']` → `{cmd: 'date', env: {A: '1', B: '2'}}`.
 * The first word without `=` and all that follow it are the parameter `cmd`.
 * Throws Fault `invalid_parameter` naming the parameter and what was expected.
 */
export function parseRunParameters(words: readonly string[], source: ParameterSource): Record<string, unknown> {
  const result = new Map<string, unknown>();
  for (const [index, word] of words.entries()) {
    const equals = word.indexOf('=');
    if (equals < 0) {
      result.set('cmd', words.slice(index).join(' '));
      break;
    }
    const name = word.slice(0, equals);
    const text = word.slice(equals + 1);
    if (name.startsWith('@')) addFile(result, name.slice(1), text, source);
    else add(result, name, cast(name, text, source));
  }
  return Object.fromEntries(result);
}

function add(result: Map<string, unknown>, name: string, value: unknown): void {
  const before = result.get(name);
  // A repeated array grows; anything else repeated is replaced.
  result.set(name, Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value);
}

function addFile(result: Map<string, unknown>, name: string, path: string, source: ParameterSource): void {
  const file = source.readFile(path);
  if (source.actionRef !== 'core.http') {
    result.set(name, file.text);
    return;
  }
  // The HTTP action takes files under fixed names; a method given elsewhere, before or after, stays.
  result.set('file_content', file.text);
  result.set('file_name', file.baseName);
  if (!result.has('method')) result.set('method', 'POST');
}

function cast(name: string, text: string, source: ParameterSource): unknown {
  // The runner's word counts first: it is the runner that will read the value.
  for (const schemas of [source.runnerParameters, source.actionParameters]) {
    const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined;
    const type = isObject(schema) ? schema.type : undefined;
    switch (type) {
      case 'string':
        return text;
      case 'integer':
        return castInteger(name, text);
      case 'number':
        return castNumber(name, text);
      case 'boolean':
        return castBoolean(name, text);
      case 'object':
        return castObject(name, text);
      case 'array':
        return castArray(name, text, isObject(schema) ? schema : {}, source.autoDict);
    }
  }
  return text;
}

function castInteger(name: string, text: string): number {
  const value = pythonInteger(text);
  if (value === undefined) throw refused(name, text, 'an integer');
  return value;
}

function castNumber(name: string, text: string): number {
  const trimmed = text.trim().replace(/(\d)_(?=\d)/g, '$1');
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(trimmed)) throw refused(name, text, 'a number');
  return Number(trimmed);
}

function castBoolean(name: string, text: string): boolean | number | null {
  switch (text.toLowerCase()) {
    case 'true':
      return true;
    case 'false':
      return false;
    case 'none':
      return null;
  }
  const number = pythonInteger(text);
  if (number === undefined) throw refused(name, text, 'a boolean: true or false');
  return number;
}

function castObject(name: string, text: string): unknown {
  if (text.startsWith('{')) {
    const value = tryParseJson(text);
    if (value === undefined) throw refused(name, text, 'a JSON object, or key=value pairs with commas between them');
    return value;
  }
  const pairs = text.split(',').filter((part) => part.includes('='));
  return Object.fromEntries(pairs.map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]));
}

function castArray(name: string, text: string, schema: Record<string, unknown>, autoDict: boolean): unknown {
  const integer = pythonInteger(text);
  if (integer !== undefined) return [integer];
  const json = tryParseJson(text);
  if (json === null || typeof json === 'boolean' || typeof json === 'number')
    throw refused(name, text, 'an array: JSON, or values with commas between them');
  const items = json === undefined ? text.split(',').map((part) => part.trim()) : json;
  if (autoDict && Array.isArray(items) && items.every((item) => typeof item === 'string' && item.includes(':')))
    return [autoObject(name, items, schema)];
  return items;
}

function autoObject(name: string, items: readonly string[], schema: Record<string, unknown>): Record<string, unknown> {
  const properties = isObject(schema.items) && isObject(schema.items.properties) ? schema.items.properties : {};
  return Object.fromEntries(
    items.map((item) => {
      const key = item.slice(0, item.indexOf(':'));
      const text = item.slice(item.indexOf(':') + 1);
      const declared = Object.hasOwn(properties, key) ? properties[key] : undefined;
      return [key, castProperty(`${name}.${key}`, text, isObject(declared) ? declared.type : undefined)];
    }),
  );
}

function castProperty(name: string, text: string, type: unknown): unknown {
  switch (type) {
    case 'integer':
      return castInteger(name, text);
    case 'number':
      return castNumber(name, text);
    case 'boolean':
      return castBoolean(name, text);
    case 'object':
      return castObject(name, text);
    default:
      return text;
  }
}

/** What Python's `int()` accepts, as a number. */
function pythonInteger(text: string): number | undefined {
  const trimmed = text.trim();
  return /^[+-]?\d+(?:_\d+)*$/.test(trimmed) ? Number(trimmed.replaceAll('_', '')) : undefined;
}

function refused(name: string, text: string, expected: string): Fault {
  return new Fault('invalid_parameter', `parameter "${name}": "${text}" is not ${expected}`, {
    details: { parameter: name },
  });
}

/** Names that `--inherit-env` leaves behind, in either case: they describe the caller's session, not the work. */
const privateVariables = new Set([
  'pwd',
  'mail',
  'username',
  'user',
  'path',
  'home',
  'ps1',
  'shell',
  'pythonpath',
  'ssh_tty',
  'ssh_connection',
  'lang',
  'ls_colors',
  'logname',
  'oldpwd',
  'term',
  'xdg_session_id',
]);

/** The variables that `--inherit-env` sends as the parameter `env`. */
export function inheritedEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    const isPrivate = privateVariables.has(name) || privateVariables.has(name.toLowerCase());
    if (value !== undefined && !isPrivate) result[name] = value;
  }
  return result;
}
