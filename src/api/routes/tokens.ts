/** The auth service: logging in and checking tokens (spec/auth-rbac.md §2). */
import Type from 'typebox';
import { Fault } from '../../base/errors.ts';
import type { Context } from '../../operations/context.ts';
import { checkPassword } from '../../operations/passwords.ts';
import { createToken, isValidToken } from '../../operations/tokens.ts';
import {
  publishedToken,
  tokenSchema,
  tokenValidationSchema,
  type TokenWish,
  tokenWishSchema,
} from '../../wire/token.ts';
import { basicCredentials } from '../credentials.ts';
import { type Route, route } from '../route.ts';

export function tokenRoutes(context: Context): Route[] {
  return [
    route({
      method: 'POST',
      path: '/auth/v1/tokens',
      summary: 'Log in: user and password by HTTP Basic, a token in return',
      isPublic: true,
      status: 201,
      body: tokenWishSchema,
      response: tokenSchema,
      async handle({ headers, body, clientAddress }) {
        const login = basicCredentials(headers.authorization);
        if (!login || !(await checkPassword(context, { ...login, address: clientAddress })))
          throw new Fault('unauthenticated', 'Invalid or missing credentials');
        const wish = body as TokenWish; // checked against the schema
        if (wish.impersonate_user || (wish.user && wish.user !== login.user))
          throw new Fault('invalid_input', 'Current user is not a service and cannot request impersonated tokens');
        const { token, text } = await createToken(context, { user: login.user, ttlS: wish.ttl ?? undefined });
        // Clients put the version behind it themselves.
        const apiUrl = context.settings.apiUrl.replace(/\/v1\/?$/, '');
        return { headers: { 'X-API-URL': apiUrl, 'Cache-Control': 'no-store' }, body: publishedToken(token, text) };
      },
    }),
    route({
      method: 'POST',
      path: '/auth/v1/tokens/validate',
      summary: 'Whether a token would be let in',
      body: tokenValidationSchema,
      response: Type.Object({ valid: Type.Boolean() }, { title: 'TokenValidity' }),
      async handle({ body }) {
        const { token } = body as { token?: unknown }; // checked against the schema
        if (typeof token !== 'string' || token === '') throw new Fault('invalid_input', 'Token is not provided.');
        return { body: { valid: await isValidToken(context, token) } };
      },
    }),
    route({
      method: 'GET',
      path: '/auth/v1/sso',
      summary: 'Whether logging in by single sign-on is possible',
      isPublic: true,
      response: Type.Object({ enabled: Type.Boolean() }, { title: 'SingleSignOn' }),
      async handle() {
        return { body: { enabled: false } };
      },
    }),
  ];
}
