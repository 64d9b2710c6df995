/** The fields of a published execution, and what may be asked of a list of them (spec/api.md §5.3, §5.5). */
import { Type } from 'typebox';
import type { AttributeRules } from './list-query.ts';

export const executionAttributes: AttributeRules = {
  fields: [
    'id',
    'status',
    'action',
    'runner',
    'liveaction',
    'parameters',
    'context',
    'start_timestamp',
    'end_timestamp',
    'elapsed_seconds',
    'log',
    'delay',
    'parent',
    'children',
    'result',
    'result_size',
    'output',
    'input',
    'web_url',
    'rule',
    'trigger',
    'trigger_type',
    'trigger_instance',
    'workflow_execution',
    'task_execution',
  ],
  always: ['id'],
  excludable: ['result', 'trigger_instance', 'status'],
  // Masking and clients need these of an action, whatever was asked for.
  mandatory: { action: ['uid', 'ref', 'pack', 'parameters', 'output_schema'], runner: ['runner_parameters'] },
  describeUnknown: (name) => `Cannot resolve field "${name}"`,
};

export const executionSchema = Type.Object(
  {
    id: Type.String({ pattern: '^[0-9a-f]{24}$' }),
    status: Type.Optional(
      Type.String({
        description:
          'requested, delayed, scheduled, running, pausing, paused, resuming, pending, canceling, succeeded, failed, timeout, canceled or abandoned',
      }),
    ),
    action: Type.Optional(Type.Unknown({ description: 'the action as it was when the execution was requested' })),
    runner: Type.Optional(Type.Unknown({ description: 'the runner type, likewise' })),
    liveaction: Type.Optional(Type.Unknown()),
    parameters: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'supplied parameters, cast; secrets masked' }),
    ),
    context: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    start_timestamp: Type.Optional(Type.String({ description: 'when it was requested' })),
    end_timestamp: Type.Optional(Type.String()),
    elapsed_seconds: Type.Optional(Type.Number()),
    log: Type.Optional(
      Type.Array(
        Type.Object({ timestamp: Type.String(), status: Type.String(), reason: Type.Optional(Type.String()) }),
      ),
    ),
    delay: Type.Optional(Type.Integer({ description: 'milliseconds' })),
    parent: Type.Optional(Type.String()),
    children: Type.Optional(Type.Array(Type.String())),
    result: Type.Optional(Type.Unknown()),
    result_size: Type.Optional(Type.Integer({ description: 'bytes' })),
    output: Type.Optional(
      Type.Object({
        records: Type.Integer(),
        lines: Type.Integer(),
        bytes: Type.Integer(),
        lost_bytes: Type.Integer({ description: '-1: nobody can say' }),
      }),
    ),
    input: Type.Optional(
      Type.String({
        description: 'open: what it runs can be sent input; terminal: likewise, and it sits at a terminal',
      }),
    ),
    web_url: Type.Optional(Type.String()),
  },
  { additionalProperties: true, description: 'Falsy top-level fields are left out.' },
);

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
const anything = Type.Record(Type.String(), Type.Unknown());

/** What a request to run an action may hold; fields of the stored record are accepted and ignored, as clients send them. */
export const executionRequestSchema = Type.Object(
  {
    action: Type.String({ description: 'reference of the action, core.local' }),
    parameters: Type.Optional(nullable(anything)),
    user: Type.Optional(nullable(Type.String())),
    delay: Type.Optional(nullable(Type.Integer({ minimum: 0, description: 'milliseconds' }))),
    context: Type.Optional(nullable(anything)),
    notify: Type.Optional(nullable(anything)),
    action_is_workflow: Type.Optional(Type.Unknown()),
    callback: Type.Optional(Type.Unknown()),
    id: Type.Optional(Type.Unknown()),
    status: Type.Optional(Type.Unknown()),
    start_timestamp: Type.Optional(Type.Unknown()),
    end_timestamp: Type.Optional(Type.Unknown()),
    result: Type.Optional(Type.Unknown()),
    runner_info: Type.Optional(Type.Unknown()),
    task_execution: Type.Optional(Type.Unknown()),
    workflow_execution: Type.Optional(Type.Unknown()),
  },
  { additionalProperties: false },
);

export const reRunSchema = Type.Object(
  {
    parameters: Type.Optional(nullable(anything)),
    tasks: Type.Optional(nullable(Type.Array(Type.String()))),
    reset: Type.Optional(nullable(Type.Array(Type.String()))),
    user: Type.Optional(nullable(Type.String())),
    delay: Type.Optional(nullable(Type.Integer({ minimum: 0, description: 'milliseconds' }))),
  },
  { additionalProperties: false },
);

export const executionUpdateSchema = Type.Object(
  { status: Type.Optional(Type.String()), result: Type.Optional(nullable(anything)) },
  { additionalProperties: false },
);

export const executionInputSchema = Type.Object(
  {
    data: Type.Optional(
      Type.String({ description: 'text for its standard input, with the line end where one is meant' }),
    ),
    eof: Type.Optional(Type.Boolean({ description: 'end the input behind it; in a terminal, as Ctrl-D does' })),
  },
  { additionalProperties: false },
);
