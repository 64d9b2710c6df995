/**
 * The HTTP server: routes as data in, listening ports out. Here is the order of things for every request: common
 * headers, OPTIONS, authentication (before anything of the request is judged), the body, the route, the answer.
 *
 * Fastify does the routing and the reading of bodies. The ports are plain HTTP servers around it (listener.ts), so
 * that StackStorm's three ports and our one can share it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type InjectOptions,
  type LightMyRequestResponse,
} from 'fastify';
import { Fault, messageOf } from '../base/errors.ts';
import { isObject } from '../base/json.ts';
import { authenticate } from '../operations/authenticate.ts';
import type { Context } from '../operations/context.ts';
import { canonicalUrl, decodePath, type Service } from './canonical-url.ts';
import { clientConnection } from './client-connection.ts';
import { isFromForeignPage, setCommonHeaders } from './common-headers.ts';
import { findCredential, type RawQuery } from './credentials.ts';
import { bodyBytesMax, errorAnswer, notFoundText } from './errors.ts';
import { type Listener, type ListenWish, openListener } from './listener.ts';
import { type CookieRules, loginCookie } from './login-cookie.ts';
import { openApiRoute } from './openapi.ts';
import { queryValues } from './query-values.ts';
import { bodyCheck, parseBody } from './request-body.ts';
import { rootRoute } from './root-route.ts';
import type { Credentials, Route, RouteRequest } from './route.ts';
import { sendAnswer } from './send-answer.ts';
import { openStaticSite } from './static-site.ts';

export interface ApiConfig extends CookieRules {
  /** Origins that browsers may call from; `*` allows all. */
  readonly allowOrigins: readonly string[];
  /** Directory with the built web UI. */
  readonly webRoot?: string;
  readonly version: string;
  /** How long running requests may go on when the server closes. */
  readonly closeGraceMs?: number;
}

export interface ApiServer extends AsyncDisposable {
  /** Opens a port. `address_in_use` where somebody else has it. The server closes it with itself. */
  listen(address: ListenWish, service: Service): Promise<Listener>;
  /** A request without a network. */
  inject(options: InjectOptions | string): Promise<LightMyRequestResponse>;
}

export interface ApiParts {
  readonly context: Context;
  readonly routes: readonly Route[];
  readonly config: ApiConfig;
}

type Caller = Pick<RouteRequest, 'requester' | 'credentials'>;

/** Long enough for a database commit or a file, short enough for somebody who waits for a restart. */
const closeGraceMsDefault = 2_000;

/** StackStorm allows any length; Node's limit on the whole head comes first. */
const pathVariableLengthMax = 8_192;

const adviceIfTaken: Readonly<Record<Service, string>> = {
  all: 'stop it, or choose another address with STORMTAIL_LISTEN=127.0.0.1:9201',
  auth: 'stop it, or go without this port with STORMTAIL_COMPAT_PORTS=off',
  stream: 'stop it, or go without this port with STORMTAIL_COMPAT_PORTS=off',
};

export function createApiServer({ context, routes: givenRoutes, config }: ApiParts): ApiServer {
  const { log } = context;
  const described = [rootRoute(context, config.version), ...givenRoutes];
  const routes = [...described, openApiRoute(described, config.version)];
  const apiNames = new Set(routes.map(({ path }) => /^\/api\/v1\/([^/]+)/.exec(path)?.[1] ?? ''));
  apiNames.add('actionexecutions').delete('');
  const services = new WeakMap<IncomingMessage, Service>();
  const serviceOf = (request: IncomingMessage): Service => services.get(request) ?? 'all';
  const site = config.webRoot === undefined ? undefined : openStaticSite(config.webRoot);

  const app = Fastify({
    logger: false,
    bodyLimit: bodyBytesMax,
    exposeHeadRoutes: false, // HEAD is GET here, answered without a body
    routerOptions: { maxParamLength: pathVariableLengthMax },
    rewriteUrl: (request) =>
      // What cannot be decoded matches no route; notFound() then finds out why.
      canonicalUrl(request.url ?? '/', serviceOf(request), (name) => apiNames.has(name)) ?? '/%00',
  });
  app.removeAllContentTypeParsers();
  // Bodies are read whole and understood by the route's rules, after authentication.
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.addHook('onRequest', async (request, reply) => {
    setCommonHeaders(request.raw, reply.raw, config.allowOrigins);
    if (request.method === 'OPTIONS') return reply.code(200).type('text/html').send('');
  });
  const taken = new WeakSet<FastifyRequest>();
  app.addHook('onResponse', async (request, reply) => {
    log.debug(
      { ...placeOf(request, reply), status: reply.raw.statusCode, ms: Math.round(reply.elapsedTime) },
      'request',
    );
    if (!taken.has(request)) countRequest(context, request, reply);
  });
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply));
  app.setNotFoundHandler((request, reply) => notFound(request, reply));

  const sendError = async (error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const answer = errorAnswer(error, request.headers['content-type']);
    if (answer.isUnexpected) {
      const stack = error instanceof Error ? error.stack : undefined;
      const cause = error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : undefined;
      log.error({ ...placeOf(request, reply), error: messageOf(error), stack, cause }, 'a request failed');
    }
    reply.raw.removeHeader('Set-Cookie'); // only for requests that succeeded
    await sendAnswer(reply, answer, answer.status, log);
  };

  const notFound = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const path = decodePath(request.originalUrl.split('?')[0] ?? '');
    if (path === undefined)
      throw new Fault('invalid_input', 'The path of the request is not valid percent-encoded UTF-8.');
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (site && isRead && serviceOf(request.raw) === 'all' && !/^\/(?:api|auth|stream)(?:\/|$)/.test(path)) {
      const answer = await site.answer(path, request.headers);
      if (answer) return sendAnswer(reply, answer, answer.status ?? 200, log);
    }
    throw new Fault('not_found', notFoundText);
  };

  const onTakeOver = (request: FastifyRequest, reply: FastifyReply) => {
    taken.add(request);
    countRequest(context, request, reply);
  };
  for (const route of routes) addRoute(app, route, { context, config, onTakeOver });

  const listeners = new Set<Listener>();
  let disposed: Promise<void> | undefined;
  const dispose = async (): Promise<void> => {
    await Promise.all([...listeners].map((listener) => listener.close()));
    await app.close();
  };

  return {
    async listen(address, service) {
      await app.ready();
      const listener = await openListener(address, {
        clock: context.clock,
        closeGraceMs: config.closeGraceMs ?? closeGraceMsDefault,
        adviceIfTaken: adviceIfTaken[service],
        handle(request: IncomingMessage, response: ServerResponse) {
          services.set(request, service);
          app.routing(request, response);
        },
      });
      if (disposed !== undefined) await listener.close();
      listeners.add(listener);
      return listener;
    },
    inject: (options) => app.inject(options),
    [Symbol.asyncDispose]() {
      disposed ??= dispose();
      return disposed;
    },
  };
}

interface RouteSurroundings extends Omit<ApiParts, 'routes'> {
  /** A route takes the response over: a stream has begun. */
  readonly onTakeOver: (request: FastifyRequest, reply: FastifyReply) => void;
}

function addRoute(app: FastifyInstance, route: Route, { context, config, onTakeOver }: RouteSurroundings): void {
  const callers = new WeakMap<FastifyRequest, Caller>();
  const checkBody = route.body && bodyCheck(route.body);
  app.route({
    method: route.method === 'GET' ? ['GET', 'HEAD'] : [route.method],
    url: route.path,
    onRequest: async (request, reply) => {
      const caller = await callerOf(context, route, request);
      if (caller.credentials.location === 'cookie' && isFromForeignPage(request.raw, config.allowOrigins))
        throw new Fault('forbidden', `Pages of ${request.headers.origin} may not use the login cookie.`);
      callers.set(request, caller);
      const connection = clientConnection(request.raw);
      const cookie = loginCookie(caller.credentials, config, connection, context.clock.nowUs());
      if (cookie !== undefined) reply.raw.setHeader('Set-Cookie', cookie);
    },
    handler: async (request, reply) => {
      const { requester, credentials } = callers.get(request) ?? anonymous;
      const bytes = request.body instanceof Buffer ? request.body : undefined;
      const query = queryValues(route.query ?? {}, rawQuery(request));
      const body = route.body === undefined ? {} : parseBody(bytes, request.headers['content-type']);
      checkBody?.(body);
      const client = clientConnection(request.raw);
      const answer = await route.handle({
        requester,
        credentials,
        path: pathVariables(request),
        query,
        body,
        headers: request.headers,
        clientAddress: client.address,
        isLocalClient: client.isLocal,
      });
      if (answer.kind !== 'take-over') {
        await sendAnswer(reply, answer, answer.status ?? route.status ?? 200, context.log);
      } else if (request.method === 'HEAD') {
        await reply.code(200).send('');
      } else {
        reply.hijack();
        onTakeOver(request, reply);
        answer.run(request.raw, reply.raw);
      }
      return reply;
    },
  });
}

const anonymous: Caller = {
  requester: { user: '', isAdmin: false },
  credentials: { method: 'none', location: 'header' },
};

async function callerOf(context: Context, route: Route, request: FastifyRequest): Promise<Caller> {
  if (route.isPublic) return anonymous;
  const found = context.settings.authEnabled ? findCredential(request.headers, rawQuery(request)) : undefined;
  const identity = await authenticate(context, found);
  const credentials: Credentials = {
    method: found === undefined ? 'none' : found.kind === 'token' ? 'authentication token' : 'API key',
    location: found?.location ?? 'header',
    ...(identity.tokenExpiryUs === undefined ? {} : { tokenExpiryUs: identity.tokenExpiryUs }),
    ...(found?.kind === 'token' ? { token: found.text } : {}),
  };
  return { requester: identity.requester, credentials };
}

function rawQuery(request: FastifyRequest): RawQuery {
  return isObject(request.query) ? (request.query as RawQuery) : {}; // what the query-string parser makes
}

/** For the log. The query is left out: it may hold a token. */
function placeOf(request: FastifyRequest, reply: FastifyReply) {
  const id = reply.raw.getHeader('X-Request-ID');
  return { request: id, method: request.method, path: request.url.split('?')[0] };
}

/** Under the route as it was declared: a path would be a label with a million values, and some of them are private. */
function countRequest({ metrics }: Context, request: FastifyRequest, reply: FastifyReply): void {
  const route = request.routeOptions.url;
  const [method, path] = route === undefined ? ['other', 'other'] : [request.method, route];
  metrics.requestSeconds.of(method, path, String(reply.raw.statusCode)).observe(reply.elapsedTime / 1000);
}

/** A final `*` is known to routes by that name. */
function pathVariables(request: FastifyRequest): Readonly<Record<string, string>> {
  return isObject(request.params) ? (request.params as Record<string, string>) : {}; // what the router makes
}
