/** API keys (spec/auth-rbac.md §3). */
import Type from 'typebox';
import { Fault } from '../../base/errors.ts';
import { createApiKey, findApiKey, removeApiKey, updateApiKey } from '../../operations/api-keys.ts';
import type { Context, Requester } from '../../operations/context.ts';
import { type ApiKeyWish, apiKeySchema, apiKeyWishSchema, createdApiKey, publishedApiKey } from '../../wire/api-key.ts';
import { pagingHeaders, parsePaging } from '../../wire/list-query.ts';
import { pagingQuery } from '../list-answer.ts';
import { type Route, route } from '../route.ts';

const secretsQuery = { show_secrets: { kind: 'boolean', description: 'plain hashes; only for admins' } } as const;

export function apiKeyRoutes(context: Context): Route[] {
  const { settings, store } = context;
  const viewFor = ({ isAdmin }: Requester, wish: boolean | undefined) => ({
    showSecrets: !settings.maskSecrets || (isAdmin && wish === true),
  });

  return [
    route({
      method: 'GET',
      path: '/api/v1/apikeys',
      summary: 'List API keys',
      query: { user: { kind: 'string', description: 'whose keys' }, ...secretsQuery, ...pagingQuery },
      response: Type.Array(apiKeySchema),
      async handle({ query, requester }) {
        const { isAdmin } = requester;
        const paging = parsePaging(query, { defaultLimit: 50, maxPageSize: settings.maxPageSize, isAdmin });
        const { keys, total } = await store.access.apiKeys({
          ...paging,
          ...(query.user === undefined ? {} : { user: query.user }),
        });
        const view = viewFor(requester, query.show_secrets);
        return { headers: pagingHeaders(paging, total), body: keys.map((key) => publishedApiKey(key, view)) };
      },
    }),
    route({
      method: 'POST',
      path: '/api/v1/apikeys',
      summary: 'Make an API key; the only time it is shown',
      status: 201,
      body: apiKeyWishSchema,
      response: apiKeySchema,
      async handle({ body, requester }) {
        const { apiKey, text } = await createApiKey(context, requester, body as ApiKeyWish); // checked against the schema
        return { headers: { 'Cache-Control': 'no-store' }, body: createdApiKey(apiKey, text) };
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/apikeys/:api_key_id_or_key',
      summary: 'One API key',
      query: secretsQuery,
      response: apiKeySchema,
      async handle({ path, query, requester }) {
        const idOrKey = path.api_key_id_or_key ?? '';
        const key = await findApiKey(context, idOrKey);
        if (!key) throw new Fault('not_found', `ApiKey matching ${idOrKey} for reference and id not found.`);
        return { body: publishedApiKey(key, viewFor(requester, query.show_secrets)) };
      },
    }),
    route({
      method: 'PUT',
      path: '/api/v1/apikeys/:api_key_id_or_key',
      summary: 'Enable, disable or relabel an API key',
      body: apiKeyWishSchema,
      response: apiKeySchema,
      async handle({ path, body, requester }) {
        const wish = body as ApiKeyWish; // checked against the schema
        const key = await updateApiKey(context, requester, path.api_key_id_or_key ?? '', wish);
        return { body: publishedApiKey(key, viewFor(requester, false)) };
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/v1/apikeys/:api_key_id_or_key',
      summary: 'Remove an API key',
      status: 204,
      async handle({ path }) {
        await removeApiKey(context, path.api_key_id_or_key ?? '');
        return {};
      },
    }),
  ];
}
