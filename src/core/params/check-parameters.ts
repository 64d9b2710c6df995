/**
 * Whether values fit a map of parameter schemas. Ajv does the work on a translation of the dialect; this file keeps
 * the compiled validators and picks the one error that StackStorm would have reported.
 */
import { Ajv, type ErrorObject } from 'ajv';
import { isObject } from '../../base/json.ts';
import type { ParameterSchemas } from '../model/parameter-schema.ts';
import { maskSecrets, secretMask } from '../model/secret.ts';
import { ajvSchema } from './ajv-schema.ts';
import { fillDefaults } from './fill-defaults.ts';
import { pythonRegExp } from './python-pattern.ts';
import { additionalName, additionalPropertiesMessage, validationMessage } from './validation-message.ts';

type Validator = (values: unknown) => readonly ErrorObject[];

export interface ParameterProblem {
  /** `'cmd' is a required property`; a secret value is not in it. */
  readonly message: string;
  /** The parameter's name, where the problem is with one. */
  readonly parameter?: string;
}

/**
 * The problem with `values` after defaults are filled in, or undefined where there is none. Of several, the one closest
 * to the first level, then in the order of the schemas. Throws Fault `invalid_parameter` where a schema cannot be used.
 */
export function findParameterProblem(
  schemas: ParameterSchemas,
  values: Readonly<Record<string, unknown>>,
): ParameterProblem | undefined {
  if (Object.keys(schemas).length === 0) return undefined; // nothing declared: anything goes
  const filled = fillDefaults(schemas, values);
  const errors = withoutBranches(validatorFor(schemas)(filled));
  const order = new Map(Object.keys(schemas).map((name, index) => [name, index]));
  const place = (error: ErrorObject): number => order.get(String(errorPath(error)[0])) ?? -1;
  const worst = [...errors].sort(
    (a, b) => errorPath(a).length - errorPath(b).length || place(a) - place(b) || weight(a) - weight(b),
  )[0];
  return worst && describe(worst, errors, schemas, filled);
}

function describe(
  worst: ErrorObject,
  errors: readonly ErrorObject[],
  schemas: ParameterSchemas,
  filled: Readonly<Record<string, unknown>>,
): ParameterProblem {
  const parameter = errorPath(worst)[0];
  const named = parameter === undefined ? {} : { parameter };
  if (worst.keyword === 'additionalProperties') {
    const same = errors.filter((error) => error.keyword === worst.keyword && error.instancePath === worst.instancePath);
    return { message: additionalPropertiesMessage(same.map(additionalName).sort()), ...named };
  }
  const masked = valueAt(maskSecrets(schemas, filled), pointerSteps(worst.instancePath));
  return { message: validationMessage(worst, masked), ...named };
}

/** Where the error is: a missing member is an error at that member, as Python counts it. */
function errorPath(error: ErrorObject): string[] {
  const steps = pointerSteps(error.instancePath);
  return error.keyword === 'required' ? [...steps, String(error.params['missingProperty'])] : steps;
}

/** Python reports a wrong type before what else is wrong with the same value. */
function weight(error: ErrorObject): number {
  return error.keyword === 'type' ? 0 : 1;
}

/** Ajv also lists why each branch of `anyOf` failed; the message is about the whole. */
function withoutBranches(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const wholes = errors.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf');
  if (wholes.length === 0) return errors;
  return errors.filter(
    (error) =>
      !wholes.some(
        (whole) =>
          error !== whole &&
          error.schemaPath.startsWith(`${whole.schemaPath}/`) &&
          error.instancePath.startsWith(whole.instancePath),
      ),
  );
}

function pointerSteps(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Where the way ends early, it ended at a mask. */
function valueAt(root: unknown, steps: readonly string[]): unknown {
  let value = root;
  for (const step of steps) {
    if (!isObject(value) && !Array.isArray(value)) return secretMask;
    value = Reflect.get(value, step);
  }
  return value;
}

/** By object, for records that stay in memory; by text, for records that the store reads again and again. */
const byObject = new WeakMap<ParameterSchemas, Validator>();
const byText = new Map<string, Validator>();

/** A few hundred actions are busy at a time; a compiled validator takes some tens of kilobytes. */
const byTextMax = 500;

function validatorFor(schemas: ParameterSchemas): Validator {
  const known = byObject.get(schemas);
  if (known) return known;
  const text = JSON.stringify(schemas);
  const validator = byText.get(text) ?? compile(schemas);
  byText.delete(text); // put in again as the newest; the oldest goes when there are too many
  byText.set(text, validator);
  if (byText.size > byTextMax) byText.delete(byText.keys().next().value ?? '');
  byObject.set(schemas, validator);
  return validator;
}

/** Ajv's hook for another regular expression engine: a function with the code that makes its result. */
const patternEngine = Object.assign((pattern: string) => pythonRegExp(pattern), { code: 'pythonRegExp' });

function compile(schemas: ParameterSchemas): Validator {
  // One Ajv for each: an instance keeps everything it ever compiled.
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    strict: false,
    meta: false,
    validateSchema: false,
    ownProperties: true,
    logger: false,
    code: { regExp: patternEngine },
  });
  const validate = ajv.compile(ajvSchema(schemas));
  return (values) => (validate(values) ? [] : [...(validate.errors ?? [])]);
}
