/** Headers that every answer carries, also errors and streams: request id, CORS, and what a browser must not do. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Origins of StackStorm's web UI in development, always allowed by it (spec/api.md §3.3). */
const localOrigins = ['http://127.0.0.1:3000', 'http://localhost:8080', 'http://127.0.0.1:8080'];

/** Longer ones are not ours to carry around. */
const requestIdLengthMax = 200;

/** Puts them on the response itself, so that a route that takes it over has them too. Returns the request's id. */
export function setCommonHeaders(
  request: IncomingMessage,
  response: ServerResponse,
  allowOrigins: readonly string[],
): string {
  const given = request.headers['x-request-id'];
  const requestId =
    typeof given === 'string' && given !== '' && given.length <= requestIdLengthMax ? given : randomUUID();
  response.setHeader('X-Request-ID', requestId);
  response.setHeader('Access-Control-Allow-Origin', allowedOrigin(request.headers.origin, allowOrigins));
  response.setHeader('Access-Control-Allow-Methods', 'GET,POST,PUT,DELETE,OPTIONS');
  response.setHeader(
    'Access-Control-Allow-Headers',
    'Content-Type,Authorization,X-Auth-Token,St2-Api-Key,X-Request-ID',
  );
  response.setHeader('Access-Control-Allow-Credentials', 'true');
  response.setHeader('Access-Control-Expose-Headers', 'Content-Type,X-Limit,X-Total-Count,X-Request-ID');
  response.setHeader('Vary', 'Origin');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  return requestId;
}

function allowedOrigin(origin: string | undefined, allowOrigins: readonly string[]): string {
  const first = allowOrigins.find((one) => one !== '*') ?? localOrigins[0] ?? 'null';
  if (origin === undefined) return first;
  return allowOrigins.includes('*') || allowOrigins.includes(origin) || localOrigins.includes(origin) ? origin : first;
}

/**
 * Whether a page from elsewhere sent this request without our leave. Browsers send the login cookie by themselves, so
 * a request that changes something and brings nothing but the cookie must come from a page of ours or of an origin
 * that was named; `*` names nobody.
 */
export function isFromForeignPage(request: IncomingMessage, allowOrigins: readonly string[]): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined || request.method === 'GET' || request.method === 'HEAD') return false;
  const isOwn = host !== undefined && origin.replace(/^https?:\/\//, '') === host;
  return !isOwn && !allowOrigins.includes(origin) && !localOrigins.includes(origin);
}
