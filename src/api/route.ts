/**
 * A route as data: method, path, what it reads and what it answers. The server (server.ts) does the rest: aliases,
 * authentication, casts, errors, headers, the OpenAPI document. Nothing here knows Fastify.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { TSchema } from 'typebox';
import type { Requester } from '../operations/context.ts';

export type QueryKind = 'string' | 'integer' | 'boolean' | 'array';

export type QuerySpec = { readonly [name: string]: { readonly kind: QueryKind; readonly description: string } };

/** Only declared parameters arrive, cast to their kind; absent and empty ones are undefined. */
export type QueryValues<Q extends QuerySpec> = {
  readonly [N in keyof Q]:
    | { string: string; integer: number; boolean: boolean; array: readonly string[] }[Q[N]['kind']]
    | undefined;
};

export interface RouteRequest<Q extends QuerySpec = QuerySpec> {
  readonly requester: Requester;
  /** How they came in, for `GET /user`. */
  readonly credentials: Credentials;
  /** Decoded path variables. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: QueryValues<Q>;
  /** Checked against `body`; `{}` where none was sent. */
  readonly body: unknown;
  readonly headers: IncomingHttpHeaders;
  /** Where the request comes from; behind a proxy on this machine, what the proxy says. */
  readonly clientAddress: string;
  /** Comes from this machine, and no proxy says otherwise. */
  readonly isLocalClient: boolean;
}

export interface Credentials {
  readonly method: 'authentication token' | 'API key' | 'none';
  readonly location: 'header' | 'query' | 'cookie';
  readonly tokenExpiryUs?: number;
  /** The token as it was sent, to set the cookie. */
  readonly token?: string;
}

/** JSON unless `headers` says otherwise; a string or Buffer is sent as it is, an iterable is streamed with backpressure. */
export interface Answer {
  readonly kind?: 'answer';
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/**
 * The route writes the response itself (event streams). Common headers (CORS, request id, cookie) are set on it
 * already, nothing is sent. It must end the response, also when the client goes away.
 */
export interface TakeOver {
  readonly kind: 'take-over';
  run(request: IncomingMessage, response: ServerResponse): void;
}

export interface Route<Q extends QuerySpec = QuerySpec> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Canonical, under `/api/v1`, `/auth/v1` or `/stream/v1`; variables as `:id`; a last `*` matches the rest. */
  readonly path: string;
  readonly summary: string;
  readonly query?: Q;
  readonly body?: TSchema;
  /** Status of a success, for the OpenAPI document and for answers that name none; 200 where absent. */
  readonly status?: number;
  /** Schema of the success answer, for the OpenAPI document. */
  readonly response?: TSchema;
  /** Needs no credentials. */
  readonly isPublic?: boolean;
  handle(request: RouteRequest<Q>): Promise<Answer | TakeOver>;
}

/** Gives a route's handler its own query types, and forgets them for the list of all routes. */
export function route<Q extends QuerySpec>(definition: Route<Q>): Route {
  return definition as unknown as Route; // the server hands over exactly the values that `query` declares
}
