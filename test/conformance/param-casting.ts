/**
 * Runs the parameter cases: casts, whole requests without templates, and the comma lists of chat. The `cli` section is
 * about the command line's own reading of words and belongs to it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../src/base/errors.ts';
import type { ParameterSchemas } from '../../src/core/model/parameter-schema.ts';
import { castCommaList, castTo } from '../../src/core/params/cast-value.ts';
import { findParameterProblem } from '../../src/core/params/check-parameters.ts';
import { finalParameters } from '../../src/core/params/final-parameters.ts';
import { mergedParameters } from '../../src/core/params/merged-parameters.ts';
import { liveParameters } from '../../src/core/params/request-parameters.ts';
import { isTemplate } from '../../src/core/params/template.ts';

export interface ConformanceResult {
  readonly passed: number;
  readonly failed: readonly { readonly id: string; readonly message: string }[];
  readonly skipped: number;
}

interface CastCase {
  readonly id: string;
  readonly type: string;
  readonly value: unknown;
  readonly expect: unknown;
}

interface RequestCase {
  readonly id: string;
  readonly runner_parameters: ParameterSchemas;
  readonly action_parameters: ParameterSchemas;
  readonly params: Record<string, unknown>;
  readonly live: unknown;
  readonly valid?: boolean;
  readonly final?: unknown;
}

interface CaseFile {
  readonly casts?: readonly CastCase[];
  readonly params?: readonly RequestCase[];
  readonly alias_array?: readonly CastCase[];
}

/** `casesDir` holds `param-casting.json`. */
export function run(casesDir: string): ConformanceResult {
  const cases = JSON.parse(readFileSync(join(casesDir, 'param-casting.json'), 'utf8')) as CaseFile; // our own data file
  const requests = cases.params ?? [];
  const plain = requests.filter(({ runner_parameters, action_parameters, params }) => {
    return !isTemplate([runner_parameters, action_parameters, params]);
  });
  const outcomes = [
    ...(cases.casts ?? []).map((one) => ({ id: one.id, message: checkCast(one, () => castTo(one.type, one.value)) })),
    ...plain.map((one) => ({ id: one.id, message: checkRequest(one) })),
    ...(cases.alias_array ?? []).map((one) => ({
      id: one.id,
      message: checkCast(one, () => castCommaList(one.value)),
    })),
  ];
  const failed = outcomes.flatMap(({ id, message }) => (message === undefined ? [] : [{ id, message }]));
  return { passed: outcomes.length - failed.length, failed, skipped: requests.length - plain.length };
}

function checkCast(one: CastCase, cast: () => unknown): string | undefined {
  return difference('cast', attempt(cast), one.expect);
}

function checkRequest(one: RequestCase): string | undefined {
  const runner = { runner_parameters: one.runner_parameters };
  const action = { ref: 'p.a', parameters: one.action_parameters };
  const live = attempt(() => liveParameters({ runner, action, supplied: one.params }));
  if (live.kind === 'error') return difference('live', live, one.live);
  const values = live.value as Record<string, unknown>; // liveParameters returned it
  const isValid = attempt(() => findParameterProblem(mergedParameters(runner, action), values) === undefined);
  const final = attempt(() => finalParameters({ runner, action, live: values }));
  return (
    difference('live', live, one.live) ??
    difference('valid', isValid, one.valid) ??
    difference('final', final, one.final)
  );
}

type Outcome = { readonly kind: 'value'; readonly value: unknown } | { readonly kind: 'error'; readonly text: string };

function attempt(fn: () => unknown): Outcome {
  try {
    return { kind: 'value', value: fn() };
  } catch (error) {
    return { kind: 'error', text: messageOf(error) };
  }
}

/** `{"$error"}` and `{"$python"}` (no JSON form) ask for an error of whatever class. */
function difference(what: string, actual: Outcome, expected: unknown): string | undefined {
  const isErrorExpected = hasKey(expected, '$error') || hasKey(expected, '$python');
  const asked = JSON.stringify(expected);
  if (actual.kind === 'error') return isErrorExpected ? undefined : `${what}: wanted ${asked}, threw ${actual.text}`;
  const same = !isErrorExpected && isDeepStrictEqual(actual.value, decoded(expected));
  return same ? undefined : `${what}: wanted ${asked}, got ${JSON.stringify(actual.value)}`;
}

function hasKey(value: unknown, key: string): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key);
}

/** `{"$float": "nan"}` is a number that JSON cannot write. */
function decoded(expected: unknown): unknown {
  if (!hasKey(expected, '$float')) return expected;
  return Number(String(Reflect.get(Object(expected), '$float')).replace('inf', 'Infinity'));
}
