/**
 * The cookie that lets a browser load what it cannot put headers on: images and event streams (spec/auth-rbac.md §1).
 * It is set on successful requests that carried a token in a header or in the query.
 *
 * `Secure` follows the configuration, with one exception: over plain http from this very machine it is left out,
 * because some clients would refuse the cookie although nothing is sent over a network.
 */
import type { ClientConnection } from './client-connection.ts';
import type { Credentials } from './route.ts';

export interface CookieRules {
  readonly cookieSecure: boolean;
  readonly cookieSameSite: 'lax' | 'strict' | 'none' | 'unset';
}

const sameSiteText = { lax: '; SameSite=lax', strict: '; SameSite=strict', none: '; SameSite=none', unset: '' };

/** The `Set-Cookie` value, or undefined where none is due. */
export function loginCookie(
  credentials: Credentials,
  rules: CookieRules,
  connection: ClientConnection,
  nowUs: number,
): string | undefined {
  const { token, tokenExpiryUs, location } = credentials;
  if (token === undefined || tokenExpiryUs === undefined || location === 'cookie') return undefined;
  if (!/^[\w.-]+$/.test(token)) return undefined; // no token of ours, and nothing to put into a header
  const restS = Math.max(0, Math.floor((tokenExpiryUs - nowUs) / 1_000_000));
  const expires = new Date(tokenExpiryUs / 1000).toUTCString();
  const isSecure = rules.cookieSecure && (connection.isEncrypted || !connection.isLocal);
  return `auth-token=${token}; Max-Age=${restS}; Path=/; expires=${expires}${isSecure ? '; secure' : ''}; HttpOnly${sameSiteText[rules.cookieSameSite]}`;
}
