/** Runner types (spec/api.md §8.7). */
import Type from 'typebox';
import { Fault } from '../../base/errors.ts';
import type { RunnerType } from '../../core/model/runner-type.ts';
import type { Context } from '../../operations/context.ts';
import { hasOneOf } from '../../wire/field-filter.ts';
import { parseSort } from '../../wire/list-query.ts';
import {
  type RunnerTypeChange,
  runnerTypeAttributes,
  runnerTypeChangeSchema,
  runnerTypeSchema,
} from '../../wire/runner-type.ts';
import { attributeQuery, listAnswer, pagingQuery, sortQuery } from '../list-answer.ts';
import { type Route, route } from '../route.ts';

export function runnerTypeRoutes(context: Context): Route[] {
  const { content } = context.store;
  return [
    route({
      method: 'GET',
      path: '/api/v1/runnertypes',
      summary: 'List runner types, by name',
      query: {
        id: { kind: 'array', description: 'ids' },
        name: { kind: 'array', description: 'names' },
        ...pagingQuery,
        ...sortQuery,
        ...attributeQuery,
      },
      response: Type.Array(runnerTypeSchema),
      async handle({ query, requester }) {
        const types = (await content.runnerTypes()).filter(
          (type) => hasOneOf(type.name, query.name) && hasOneOf(type.id, query.id),
        );
        return listAnswer(types, query, {
          paging: { defaultLimit: 100, maxPageSize: context.settings.maxPageSize, isAdmin: requester.isAdmin },
          attributes: runnerTypeAttributes,
          sort: parseSort(query.sort, ['name', 'id']),
        });
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/runnertypes/:name_or_id',
      summary: 'One runner type',
      response: runnerTypeSchema,
      async handle({ path }) {
        return { body: await getRunnerType(context, path.name_or_id) };
      },
    }),
    route({
      method: 'PUT',
      path: '/api/v1/runnertypes/:name_or_id',
      summary: 'Enable or disable a runner type; nothing else can be changed',
      body: runnerTypeChangeSchema,
      response: runnerTypeSchema,
      async handle({ path, body }) {
        const { enabled } = body as RunnerTypeChange; // checked against the schema
        const type = await getRunnerType(context, path.name_or_id);
        if (enabled !== undefined && enabled !== type.enabled) {
          await content.setRunnerEnabled(type.name, enabled);
          context.bus.publish('content.changed', { packs: [] });
        }
        return { body: await getRunnerType(context, type.name) };
      },
    }),
  ];
}

async function getRunnerType(context: Context, nameOrId = ''): Promise<RunnerType> {
  const type = await context.store.content.findRunnerType(nameOrId);
  if (!type) throw new Fault('not_found', `Resource with a name or id "${nameOrId}" not found`);
  return type;
}
