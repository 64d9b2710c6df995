/** The OpenAPI document, made from the same data the server runs on: every route is in it, and nothing else. */
import type { TSchema } from 'typebox';
import { errorBodySchema } from '../wire/error-body.ts';
import { type QueryKind, type Route, route } from './route.ts';

export function openApiRoute(routes: readonly Route[], version: string): Route {
  const own: Route = route({
    method: 'GET',
    path: '/api/v1/openapi.json',
    summary: 'This document',
    async handle() {
      return { body: document };
    },
  });
  const document = openApiDocument([...routes, own], version);
  return own;
}

export function openApiDocument(routes: readonly Route[], version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  const schemas: Record<string, unknown> = {};
  for (const one of routes) {
    const path = documentedPath(one.path);
    paths[path] = { ...paths[path], [one.method.toLowerCase()]: operation(one, path, schemas) };
  }
  const error = named(errorBodySchema, schemas);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Stormtail',
      version,
      description: "Event-driven automation with live output. Compatible with StackStorm's API.",
    },
    paths,
    components: {
      schemas,
      responses: { Error: { description: 'What went wrong', content: { 'application/json': { schema: error } } } },
      securitySchemes: {
        token: { type: 'apiKey', in: 'header', name: 'X-Auth-Token' },
        apiKey: { type: 'apiKey', in: 'header', name: 'St2-Api-Key' },
        tokenInQuery: { type: 'apiKey', in: 'query', name: 'x-auth-token' },
        apiKeyInQuery: { type: 'apiKey', in: 'query', name: 'st2-api-key' },
        cookie: { type: 'apiKey', in: 'cookie', name: 'auth-token' },
      },
    },
    security: ['token', 'apiKey', 'tokenInQuery', 'apiKeyInQuery', 'cookie'].map((scheme) => ({ [scheme]: [] })),
  };
}

/** `/api/v1/packs/views/file/:ref/*` → `/api/v1/packs/views/file/{ref}/{path}` */
function documentedPath(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}').replace(/\*$/, '{path}');
}

function operation(one: Route, path: string, schemas: Record<string, unknown>): Record<string, unknown> {
  const variables = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const query = Object.entries(one.query ?? {}).map(([name, { kind, description }]) => ({
    name,
    in: 'query',
    description,
    schema: querySchemas[kind],
    ...(kind === 'array' ? { style: 'form', explode: false } : {}),
  }));
  const content = one.response && { 'application/json': { schema: named(one.response, schemas) } };
  return {
    operationId: operationId(one.method, path),
    summary: one.summary,
    tags: [/^\/\w+\/v1\/?(\w*)/.exec(path)?.[1] || 'root'],
    ...(one.isPublic ? { security: [] } : {}),
    parameters: [...variables, ...query],
    ...(one.body ? { requestBody: { content: { 'application/json': { schema: named(one.body, schemas) } } } } : {}),
    responses: {
      [one.status ?? 200]: { description: 'Success', ...(content ? { content } : {}) },
      default: { $ref: '#/components/responses/Error' },
    },
  };
}

const querySchemas: Readonly<Record<QueryKind, unknown>> = {
  string: { type: 'string' },
  integer: { type: 'integer' },
  boolean: { type: 'boolean' },
  array: { type: 'array', items: { type: 'string' } },
};

/** A schema with a title stands once, under that name; of an array, its items do. */
function named(schema: TSchema, schemas: Record<string, unknown>): unknown {
  const plain: Record<string, unknown> = { ...schema };
  if (plain.type === 'array' && typeof plain.items === 'object' && plain.items !== null)
    return { ...plain, items: named(plain.items, schemas) };
  if (typeof plain.title !== 'string') return schema;
  schemas[plain.title] = schema;
  return { $ref: `#/components/schemas/${plain.title}` };
}

/** `GET /api/v1/actions/{ref_or_id}` → `get_api_v1_actions_ref_or_id` */
function operationId(method: string, path: string): string {
  return `${method.toLowerCase()}${path.replace(/[{}]/g, '').replace(/[^\w]+/g, '_')}`;
}
