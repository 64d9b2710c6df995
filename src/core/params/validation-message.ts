/** What is wrong with a value, in the words of Python's jsonschema, which StackStorm's clients and users know. */
import type { ErrorObject } from 'ajv';
import { isObject } from '../../base/json.ts';
import { pythonRepr } from '../model/python-value.ts';

/** `shown` stands for the failing value: the value itself, or the mask where it is secret. */
export function validationMessage(error: ErrorObject, shown: unknown): string {
  const value = pythonRepr(shown);
  const limit: unknown = error.schema;
  switch (error.keyword) {
    case 'required':
      return `${pythonRepr(error.params['missingProperty'])} is a required property`;
    case 'type':
      return `${value} is not of type ${(Array.isArray(limit) ? limit : [limit]).map(pythonRepr).join(', ')}`;
    case 'enum':
      return `${value} is not one of ${pythonRepr(limit)}`;
    case 'minimum':
      return `${value} is less than the minimum of ${pythonRepr(limit)}`;
    case 'exclusiveMinimum':
      return `${value} is less than or equal to the minimum of ${pythonRepr(limit)}`;
    case 'maximum':
      return `${value} is greater than the maximum of ${pythonRepr(limit)}`;
    case 'exclusiveMaximum':
      return `${value} is greater than or equal to the maximum of ${pythonRepr(limit)}`;
    case 'multipleOf':
      return `${value} is not a multiple of ${pythonRepr(limit)}`;
    case 'minLength':
    case 'minItems':
      return `${value} ${limit === 1 ? 'should be non-empty' : 'is too short'}`;
    case 'maxLength':
    case 'maxItems':
      return `${value} ${limit === 0 ? 'is expected to be empty' : 'is too long'}`;
    case 'minProperties':
      return `${value} ${limit === 1 ? 'should be non-empty' : 'does not have enough properties'}`;
    case 'maxProperties':
      return `${value} ${limit === 0 ? 'is expected to be empty' : 'has too many properties'}`;
    case 'pattern':
      return `${value} does not match ${pythonRepr(limit)}`;
    case 'uniqueItems':
      return `${value} has non-unique elements`;
    case 'dependencies':
      return `${pythonRepr(error.params['missingProperty'])} is a dependency of ${pythonRepr(error.params['property'])}`;
    case 'additionalItems':
      return `Additional items are not allowed (${unexpected(extraItems(error.data, error.params['limit']))})`;
    case 'anyOf':
      return `${value} is not valid under any of the given schemas`;
    case 'oneOf':
      return error.params['passingSchemas'] === null
        ? `${value} is not valid under any of the given schemas`
        : `${value} is valid under more than one of the given schemas`;
    case 'not':
      return `${value} should not be valid under ${pythonRepr(limit)}`;
    default:
      return `${value} is not valid: ${error.message ?? error.keyword}`;
  }
}

/** Ajv has one error for each name too many; Python has one for all. */
export function additionalPropertiesMessage(names: readonly string[]): string {
  return `Additional properties are not allowed (${unexpected(names)})`;
}

function unexpected(extras: readonly unknown[]): string {
  return `${extras.map(pythonRepr).join(', ')} ${extras.length === 1 ? 'was' : 'were'} unexpected`;
}

function extraItems(data: unknown, limit: unknown): unknown[] {
  return Array.isArray(data) && typeof limit === 'number' ? data.slice(limit) : [];
}

/** The names a value has that its schema does not: from an `additionalProperties` error. */
export function additionalName(error: ErrorObject): string {
  const name: unknown = isObject(error.params) ? error.params['additionalProperty'] : undefined;
  return String(name);
}
