/** Request bodies: read by their type, then held against the route's schema, with the words of Python's jsonschema. */
import { Ajv, type ErrorObject } from 'ajv';
import type { TSchema } from 'typebox';
import { Fault, messageOf } from '../base/errors.ts';
import { additionalName, additionalPropertiesMessage, validationMessage } from '../core/params/validation-message.ts';

/** Fails with `invalid_input`. No body is an empty object; text/plain is read as JSON, as in the original. */
export function parseBody(bytes: Buffer | undefined, contentType: string | undefined): unknown {
  if (bytes === undefined || bytes.length === 0) return {};
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === '' || type === 'application/json' || type === 'text/plain') return parseJson(bytes.toString('utf8'));
  if (type === 'application/x-www-form-urlencoded') return parseForm(bytes.toString('utf8'));
  throw new Fault('invalid_input', `Failed to parse request body: Unsupported Content-Type: "${type}"`);
}

function parseJson(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Fault('invalid_input', `Failed to parse request body: ${messageOf(error)}`, { cause: error });
  }
}

/** Each field is a list of texts, as a query-string parser gives it. */
function parseForm(text: string): Record<string, string[]> {
  const fields = new URLSearchParams(text);
  return Object.fromEntries([...new Set(fields.keys())].map((name) => [name, fields.getAll(name)]));
}

// Ours alone: packs' schemas are compiled by core/params, each with an instance of its own.
const ajv = new Ajv({ allErrors: true, verbose: true, strict: false, ownProperties: true, logger: false });

/** A check for a route's bodies, compiled once. It fails with `invalid_input`, naming the outermost problem. */
export function bodyCheck(schema: TSchema): (body: unknown) => void {
  const validate = ajv.compile(schema);
  return (body) => {
    if (validate(body)) return;
    const errors = [...(validate.errors ?? [])].sort((a, b) => depth(a) - depth(b));
    const worst = errors[0];
    if (worst) throw new Fault('invalid_input', describe(worst, errors));
  };
}

function describe(worst: ErrorObject, errors: readonly ErrorObject[]): string {
  if (worst.keyword !== 'additionalProperties') return validationMessage(worst, worst.data);
  const same = errors.filter((error) => error.keyword === worst.keyword && error.instancePath === worst.instancePath);
  return additionalPropertiesMessage(same.map(additionalName));
}

function depth(error: ErrorObject): number {
  return error.instancePath.split('/').length;
}
