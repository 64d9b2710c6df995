/** Runner types as they are published. */
import Type from 'typebox';
import type { AttributeRules } from './list-query.ts';

const anyObject = Type.Record(Type.String(), Type.Unknown());

export const runnerTypeSchema = Type.Object(
  {
    id: Type.String(),
    uid: Type.String(),
    name: Type.String(),
    description: Type.String(),
    enabled: Type.Boolean(),
    runner_package: Type.String(),
    runner_module: Type.String(),
    runner_parameters: Type.Record(Type.String(), anyObject),
    output_schema: anyObject,
    output_key: Type.Optional(Type.String()),
    query_module: Type.Optional(Type.String()),
  },
  { title: 'RunnerType' },
);

export const runnerTypeAttributes: AttributeRules = {
  fields: Object.keys(runnerTypeSchema.properties),
  always: ['id'],
  excludable: [],
};

/** Clients send the whole runner type back; only `enabled` is taken. */
export const runnerTypeChangeSchema = Type.Object({ enabled: Type.Optional(Type.Boolean()) });

export type RunnerTypeChange = Type.Static<typeof runnerTypeChangeSchema>;
