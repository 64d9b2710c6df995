/**
 * What is typed into a run form, as parameter values: pure casting and checking, one field at a time. The server checks again and
 * has the last word; this is for messages beside the field, before anything is sent.
 */
import type { ParameterSchema, ParameterSchemas } from '../server/types.ts';

/** What a field holds. Empty text means "not given" unless `isEmptyText` says that an empty text is meant. */
export interface FieldText {
  readonly text: string;
  readonly isEmptyText?: true;
}

export type FieldValue =
  | { readonly kind: 'unset' }
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'wrong'; readonly message: string };

/** How a parameter is asked for. */
export type FieldKind = 'text' | 'secret' | 'number' | 'choice' | 'list' | 'json';

const unset: FieldValue = { kind: 'unset' };

export function fieldKind(schema: ParameterSchema): FieldKind {
  if (schema.enum !== undefined || schema.type === 'boolean') return 'choice';
  switch (schema.type) {
    case 'integer':
    case 'number':
      return schema.secret === true ? 'secret' : 'number';
    case 'array':
      return 'list';
    case 'object':
      return 'json';
    default:
      return schema.secret === true ? 'secret' : 'text';
  }
}

/** The values to choose from, where there are any. */
export function choicesOf(schema: ParameterSchema): readonly unknown[] {
  return schema.enum ?? (schema.type === 'boolean' ? [true, false] : []);
}

/** The text of a value in a field: what `castField` reads back as that value. */
export function fieldText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value, null, typeof value === 'object' ? 2 : undefined);
}

export function castField(schema: ParameterSchema, field: FieldText): FieldValue {
  if (field.text === '' && field.isEmptyText === true) return checkText(schema, '');
  const text = schema.type === 'string' || schema.type === undefined ? field.text : field.text.trim();
  if (text === '') {
    return isNeeded(schema) ? { kind: 'wrong', message: 'A value is required.' } : unset;
  }
  if (schema.enum !== undefined) return castChoice(schema.enum, text);
  // A template is rendered by the server, whatever the type of its outcome.
  if (schema.type !== 'string' && /\{\{|\{%/.test(text)) return { kind: 'value', value: text };
  switch (schema.type) {
    case 'integer':
      return /^[+-]?\d+$/.test(text)
        ? checkNumber(schema, Number(text))
        : { kind: 'wrong', message: 'A whole number, please.' };
    case 'number': {
      const value = Number(text);
      return Number.isFinite(value) ? checkNumber(schema, value) : { kind: 'wrong', message: 'A number, please.' };
    }
    case 'boolean':
      return castChoice([true, false], text.toLowerCase());
    case 'array':
      return castList(schema, text);
    case 'object':
      return castObject(text);
    case 'string':
      return checkText(schema, text);
    default:
      return castAny(text);
  }
}

/** No value, and the server has none either. */
export function isNeeded(schema: ParameterSchema): boolean {
  return schema.required === true && (schema.default === undefined || schema.default === null);
}

function castChoice(choices: readonly unknown[], text: string): FieldValue {
  const choice = choices.find((candidate) => fieldText(candidate) === text);
  return choice === undefined
    ? { kind: 'wrong', message: `One of ${choices.map(fieldText).join(', ')}.` }
    : { kind: 'value', value: choice };
}

function checkNumber(schema: ParameterSchema, value: number): FieldValue {
  if (!Number.isSafeInteger(value) && schema.type === 'integer')
    return { kind: 'wrong', message: 'This number is too large.' };
  if (schema.minimum !== undefined && value < schema.minimum)
    return { kind: 'wrong', message: `At least ${schema.minimum}.` };
  if (schema.maximum !== undefined && value > schema.maximum)
    return { kind: 'wrong', message: `At most ${schema.maximum}.` };
  return { kind: 'value', value };
}

function checkText(schema: ParameterSchema, value: string): FieldValue {
  const { length } = Array.from(value);
  if (schema.minLength !== undefined && length < schema.minLength) {
    return { kind: 'wrong', message: `At least ${schema.minLength} characters.` };
  }
  if (schema.maxLength !== undefined && length > schema.maxLength) {
    return { kind: 'wrong', message: `At most ${schema.maxLength} characters.` };
  }
  return { kind: 'value', value };
}

/** JSON when it begins like JSON, else one item a line, or items between commas on a single line. */
function castList(schema: ParameterSchema, text: string): FieldValue {
  if (text.startsWith('[')) {
    const parsed = parseJson(text);
    if (parsed.kind !== 'value') return parsed;
    return Array.isArray(parsed.value) ? parsed : { kind: 'wrong', message: 'A list, please: [ … ]' };
  }
  const parts = text
    .split(text.includes('\n') ? '\n' : ',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const { items } = schema;
  if (items === undefined || items.type === 'string') return { kind: 'value', value: parts };
  const values: unknown[] = [];
  for (const [index, part] of parts.entries()) {
    const item = castField(items, { text: part });
    if (item.kind === 'wrong') return { kind: 'wrong', message: `Item ${index + 1}, “${part}”: ${item.message}` };
    if (item.kind === 'value') values.push(item.value);
  }
  return { kind: 'value', value: values };
}

function castObject(text: string): FieldValue {
  const parsed = parseJson(text);
  if (parsed.kind !== 'value') return parsed;
  const isObject = typeof parsed.value === 'object' && parsed.value !== null && !Array.isArray(parsed.value);
  return isObject ? parsed : { kind: 'wrong', message: 'An object, please: {"name": value}' };
}

/** A parameter of several types, or of none: JSON where it is JSON, else text. */
function castAny(text: string): FieldValue {
  const parsed = parseJson(text);
  return parsed.kind === 'value' ? parsed : { kind: 'value', value: text };
}

function parseJson(text: string): FieldValue {
  try {
    return { kind: 'value', value: JSON.parse(text) as unknown };
  } catch (error) {
    return { kind: 'wrong', message: `This is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** The parameters one may give, in the order to ask for them: by position, then what is needed, then by name. */
export function fieldOrder(schemas: ParameterSchemas): readonly (readonly [name: string, schema: ParameterSchema])[] {
  const last = Number.MAX_SAFE_INTEGER;
  return Object.entries(schemas)
    .filter(([, schema]) => schema.immutable !== true)
    .sort(
      ([nameA, a], [nameB, b]) =>
        (a.position ?? last) - (b.position ?? last) ||
        Number(b.required === true) - Number(a.required === true) ||
        nameA.localeCompare(nameB),
    );
}

export interface FormOutcome {
  readonly parameters: Readonly<Record<string, unknown>>;
  /** By parameter, in the fields' order. */
  readonly errors: Readonly<Record<string, string>>;
}

/** All fields of a form. */
export function castForm(schemas: ParameterSchemas, texts: Readonly<Record<string, FieldText>>): FormOutcome {
  const parameters: Record<string, unknown> = {};
  const errors: Record<string, string> = {};
  for (const [name, schema] of fieldOrder(schemas)) {
    const cast = castField(schema, texts[name] ?? { text: '' });
    if (cast.kind === 'value') parameters[name] = cast.value;
    else if (cast.kind === 'wrong') errors[name] = cast.message;
  }
  return { parameters, errors };
}

/**
 * For running an earlier execution again with changes: what to send over its parameters. A value that was taken out is sent as null, which
 * optional parameters accept; a secret left alone is not sent, the server still has it.
 */
export function changedParameters(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  schemas: ParameterSchemas,
): Record<string, unknown> {
  const changed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(after)) {
    if (JSON.stringify(value) !== JSON.stringify(before[name])) changed[name] = value;
  }
  for (const name of Object.keys(before)) {
    const schema = schemas[name];
    if (schema === undefined || schema.immutable === true || schema.secret === true) continue;
    if (after[name] === undefined) changed[name] = null;
  }
  return changed;
}
