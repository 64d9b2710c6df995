/** Actions as they are published, and what may be asked of a list of them. */
import Type from 'typebox';
import type { Action } from '../core/model/action.ts';
import type { ParameterSchemas } from '../core/model/parameter-schema.ts';
import type { AttributeRules } from './list-query.ts';

const anyObject = Type.Record(Type.String(), Type.Unknown());

export const actionSchema = Type.Object(
  {
    id: Type.String({ description: '24 hexadecimal digits' }),
    ref: Type.String({ description: '`<pack>.<name>`' }),
    uid: Type.String(),
    name: Type.String(),
    pack: Type.String(),
    description: Type.Optional(Type.String()),
    enabled: Type.Boolean(),
    entry_point: Type.String({ description: "relative to the pack's `actions/`" }),
    runner_type: Type.String(),
    parameters: Type.Record(Type.String(), anyObject, { description: 'name → schema' }),
    output_schema: anyObject,
    tags: Type.Array(Type.Object({ name: Type.String(), value: Type.String() })),
    notify: anyObject,
    metadata_file: Type.String(),
    raw_stdout: Type.Optional(Type.Boolean()),
  },
  { title: 'Action' },
);

export type PublishedAction = Type.Static<typeof actionSchema>;

export const actionAttributes: AttributeRules = {
  fields: Object.keys(actionSchema.properties),
  always: ['id', 'ref'],
  excludable: ['parameters', 'notify'],
};

/** `parameters` stands in for the action's own where a view shows others, such as those merged with the runner's. */
export function publishedAction(action: Action, parameters: ParameterSchemas = action.parameters): Action {
  return { ...action, parameters };
}
