import { expect, test } from 'vitest';
import { isFault } from '../../base/errors.ts';
import type { ParameterSchemas } from '../model/parameter-schema.ts';
import { finalParameters } from './final-parameters.ts';
import { requestParameters } from './request-parameters.ts';

const runner = {
  runner_parameters: {
    cmd: { type: 'string' },
    sudo: { type: 'boolean', default: false },
    timeout: { type: 'integer', default: 60 },
  },
};

const local = { ref: 'core.local', parameters: { cmd: { required: true }, sudo: { immutable: true } } };

function refusalOf(parameters: ParameterSchemas, supplied: Record<string, unknown>): string {
  try {
    requestParameters({ runner, action: { ref: 'p.a', parameters }, supplied });
  } catch (error) {
    if (isFault(error, 'invalid_parameter')) return error.message;
    throw error;
  }
  return 'accepted';
}

test('what was supplied is cast; defaults are not added', () => {
  const { live } = requestParameters({ runner, action: local, supplied: { cmd: 'date', timeout: '5' } });
  expect(live).toEqual({ cmd: 'date', timeout: 5 });
  expect(finalParameters({ runner, action: local, live })).toEqual({
    runner: { cmd: 'date', sudo: false, timeout: 5 },
    action: {},
  });
});

test.each<[string, ParameterSchemas, Record<string, unknown>]>([
  ["'cmd' is a required property", local.parameters, {}],
  ["Additional properties are not allowed ('zz' was unexpected)", {}, { zz: 1 }],
  ["Override of immutable parameter(s) ['sudo'] is unsupported.", local.parameters, { cmd: 'x', sudo: true }],
  ['Value "5" must either be a string or None. Got "int".', {}, { cmd: 5 }],
  ["invalid literal for int() with base 10: 'abc'", {}, { timeout: 'abc' }],
  ["could not convert string to float: 'x'", { n: { type: 'number' } }, { n: 'x' }],
  ["value 'yes' is not a boolean; expected true or false", {}, { sudo: 'yes' }],
  ["1 is not of type 'boolean'", {}, { sudo: '1' }],
  ["value 'a,b' is not an array; expected JSON, or a Python literal", { l: { type: 'array' } }, { l: 'a,b' }],
  ["parameter 'n': nan is not a number that JSON can hold", { n: { type: 'number' } }, { n: 'nan' }],
  ["invalid literal for int() with base 10: '********'", { pin: { type: 'integer', secret: true } }, { pin: 'x1' }],
])('%s', (message, parameters, supplied) => {
  expect(refusalOf(parameters, supplied)).toBe(message);
});

test('a refusal names the parameter for machines', () => {
  try {
    requestParameters({ runner, action: local, supplied: { cmd: 'x', timeout: 'abc' } });
    expect.unreachable();
  } catch (error) {
    expect(isFault(error) && error.details).toEqual({ parameter: 'timeout' });
  }
});

test('templates: supplied ones are text, as defaults they are refused where they would be used', () => {
  expect(refusalOf({}, { cmd: 'echo {{ x }}' })).toBe('accepted');
  const parameters: ParameterSchemas = { m: { type: 'array', default: ['{{ n }}'] } };
  expect(refusalOf(parameters, { m: [] })).toBe('accepted');
  expect(refusalOf(parameters, {})).toBe(
    "action p.a: the default of parameter 'm' is a template (['{{ n }}']), and templates are not rendered by this " +
      'version; give a value',
  );
  expect(refusalOf({ cmd: { default: 'echo {% x %}', immutable: true } }, {})).toContain('the action cannot run');
});

test('finalParameters() gives every declared parameter, null where nothing is known', () => {
  const action = {
    ref: 'p.a',
    parameters: { a: { type: 'string' }, b: { type: 'integer', default: '7' }, c: { type: 'string', default: 'x' } },
  };
  expect(finalParameters({ runner, action, live: { c: null, gone: 1 } })).toEqual({
    runner: { cmd: null, sudo: false, timeout: 60 },
    action: { a: null, b: 7, c: 'x' },
  });
});

test('a default that does not fit its type is refused when the action runs', () => {
  const action = { ref: 'p.a', parameters: { a: { type: 'string', default: 5 } } };
  expect(() => finalParameters({ runner, action, live: {} })).toThrow('must either be a string or None');
});
