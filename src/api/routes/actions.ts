/** Actions and their views (spec/api.md §8.1). */
import Type from 'typebox';
import { Fault } from '../../base/errors.ts';
import type { Action } from '../../core/model/action.ts';
import type { ParameterSchemas } from '../../core/model/parameter-schema.ts';
import { mergedParameters } from '../../core/params/merged-parameters.ts';
import type { Context, Requester } from '../../operations/context.ts';
import { readEntryPoint } from '../../operations/pack-files.ts';
import { actionAttributes, actionSchema, publishedAction } from '../../wire/action.ts';
import { hasOneOf, hasValue } from '../../wire/field-filter.ts';
import { contentTypeOf } from '../content-type.ts';
import { attributeQuery, listAnswer, pagingQuery } from '../list-answer.ts';
import { fileHeaders } from '../file-headers.ts';
import { type Route, route } from '../route.ts';

const filterQuery = {
  id: { kind: 'array', description: 'ids' },
  name: { kind: 'string', description: 'name' },
  pack: { kind: 'string', description: 'pack' },
} as const;

export function actionRoutes(context: Context): Route[] {
  const { content } = context.store;
  // Complete by default: clients rely on it.
  const listRules = ({ isAdmin }: Requester) => ({
    paging: { maxPageSize: context.settings.maxPageSize, isAdmin },
    attributes: actionAttributes,
  });

  return [
    route({
      method: 'GET',
      path: '/api/v1/actions',
      summary: 'List actions, by pack and name',
      query: {
        ...filterQuery,
        tags: { kind: 'string', description: 'name of a tag' },
        ...pagingQuery,
        ...attributeQuery,
      },
      response: Type.Array(actionSchema),
      async handle({ query, requester }) {
        const actions = (await content.actions()).filter(
          (action) =>
            isWanted(action, query) &&
            (query.tags === undefined || action.tags.some((tag) => hasValue(tag.name, query.tags))),
        );
        return listAnswer(actions, query, listRules(requester), (action) => publishedAction(action));
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/actions/views/overview',
      summary: 'List actions with all the parameters they take, those of their runner too',
      query: { ...filterQuery, ...pagingQuery, ...attributeQuery },
      response: Type.Array(actionSchema),
      async handle({ query, requester }) {
        const [actions, runners] = await Promise.all([content.actions(), content.runnerTypes()]);
        const runnerOf = new Map(runners.map((runner) => [runner.name, runner]));
        const wanted = actions.filter((action) => isWanted(action, query));
        return listAnswer(wanted, query, listRules(requester), (action) => {
          const runner = runnerOf.get(action.runner_type);
          return publishedAction(action, runner ? mergedParameters(runner, action) : action.parameters);
        });
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/actions/:ref_or_id',
      summary: 'One action',
      response: actionSchema,
      async handle({ path }) {
        return { body: publishedAction(await getAction(context, path.ref_or_id)) };
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/actions/views/overview/:ref_or_id',
      summary: 'One action with all the parameters it takes',
      response: actionSchema,
      async handle({ path }) {
        const action = await getAction(context, path.ref_or_id);
        return { body: publishedAction(action, await allParameters(context, action)) };
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/actions/views/parameters/:ref_or_id',
      summary: 'All the parameters an action takes, those of its runner too',
      response: Type.Object({ parameters: Type.Record(Type.String(), Type.Unknown()) }, { title: 'ActionParameters' }),
      async handle({ path }) {
        return { body: { parameters: await allParameters(context, await getAction(context, path.ref_or_id)) } };
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/actions/views/entry_point/:ref_or_id',
      summary: 'The script or program of an action, as text',
      async handle({ path }) {
        const action = await getAction(context, path.ref_or_id);
        const pack = await content.findPack(action.pack);
        if (action.entry_point === '' || pack === undefined)
          throw new Fault('not_found', `Action ref_or_id=${path.ref_or_id} has no entry_point to output`);
        const bytes = await readEntryPoint(pack, action.entry_point);
        return { headers: fileHeaders(contentTypeOf(action.entry_point, 'text/plain')), body: bytes };
      },
    }),
  ];
}

function isWanted(
  action: Action,
  query: { id: readonly string[] | undefined; name: string | undefined; pack: string | undefined },
): boolean {
  return hasOneOf(action.id, query.id) && hasValue(action.name, query.name) && hasValue(action.pack, query.pack);
}

async function getAction(context: Context, refOrId = ''): Promise<Action> {
  const action = await context.store.content.findAction(refOrId);
  if (!action) throw new Fault('not_found', `Resource with a reference or id "${refOrId}" not found`);
  return action;
}

async function allParameters(context: Context, action: Action): Promise<ParameterSchemas> {
  const runner = await context.store.content.findRunnerType(action.runner_type);
  return runner ? mergedParameters(runner, action) : action.parameters;
}
