/** `GET /api/v1/`: what answers here. */
import Type from 'typebox';
import type { Context } from '../operations/context.ts';
import { type Route, route } from './route.ts';

export function rootRoute(context: Context, version: string): Route {
  return route({
    method: 'GET',
    path: '/api/v1',
    summary: 'Version of the server',
    response: Type.Object({ version: Type.String(), docs_url: Type.String() }, { title: 'Root' }),
    async handle() {
      return { body: { version, docs_url: `${context.settings.apiUrl}/openapi.json` } };
    },
  });
}
