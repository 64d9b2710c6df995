/** `GET /api/v1/user`: who the server takes the caller for. */
import Type from 'typebox';
import { formatTimestamp } from '../../base/timestamp.ts';
import { type Route, route } from '../route.ts';

export function userRoutes(): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/user',
      summary: 'Who the caller is',
      response: Type.Object(
        {
          username: Type.String(),
          authentication: Type.Object({
            method: Type.String(),
            location: Type.String(),
            token_expire: Type.Optional(Type.String()),
          }),
          rbac: Type.Object({ enabled: Type.Boolean(), roles: Type.Array(Type.String()), is_admin: Type.Boolean() }),
        },
        { title: 'CurrentUser' },
      ),
      async handle({ requester, credentials }) {
        const { method, location, tokenExpiryUs } = credentials;
        return {
          body: {
            username: requester.user,
            authentication: {
              method,
              location: location === 'cookie' ? 'header' : location, // as the original reports it
              ...(tokenExpiryUs === undefined ? {} : { token_expire: wholeSeconds(tokenExpiryUs) }),
            },
            rbac: { enabled: false, roles: [], is_admin: requester.isAdmin },
          },
        };
      },
    }),
  ];
}

/** `2026-11-21T23:07:45Z` */
function wholeSeconds(us: number): string {
  return formatTimestamp(us).replace(/\.\d+Z$/, 'Z');
}
