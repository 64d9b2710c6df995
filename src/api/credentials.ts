/** Where a request carries its credential: header, query or cookie, in StackStorm's order; the first one decides. */
import type { IncomingHttpHeaders } from 'node:http';
import type { PresentedCredential } from '../operations/authenticate.ts';
import type { Credentials } from './route.ts';

export interface FoundCredential extends PresentedCredential {
  readonly location: Credentials['location'];
}

/** The query string's values, before any cast. */
export type RawQuery = Readonly<Record<string, string | readonly string[] | undefined>>;

export function findCredential(headers: IncomingHttpHeaders, query: RawQuery): FoundCredential | undefined {
  const places: readonly [PresentedCredential['kind'], Credentials['location'], string | undefined][] = [
    ['token', 'header', oneOf(headers['x-auth-token'])],
    ['api_key', 'header', oneOf(headers['st2-api-key'])],
    ['token', 'query', oneOf(query['x-auth-token'])],
    ['api_key', 'query', oneOf(query['st2-api-key'])],
    ['token', 'cookie', cookieValue(headers.cookie, 'auth-token')],
  ];
  for (const [kind, location, text] of places) if (text) return { kind, location, text };
  return undefined;
}

/** User and password of a `Basic` header; undefined for anything else. A password may contain `:`. */
export function basicCredentials(header: string | undefined): { user: string; password: string } | undefined {
  const match = /^basic ([A-Za-z0-9+/_-]+={0,2})$/i.exec(header ?? '');
  const decoded = Buffer.from(match?.[1] ?? '', 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon < 1 ? undefined : { user: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

function oneOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}

function cookieValue(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const [key, value] = part.trim().split('=');
    if (key === name) return value?.replace(/^"(.*)"$/, '$1');
  }
  return undefined;
}
