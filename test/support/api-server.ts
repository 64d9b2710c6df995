/**
 * A real API server for a test: SQLite in a fresh directory, packs on disk, the routes of the product, real sockets.
 * Everything is taken down with `await using`.
 */
import { sampleSeal } from './text-seal.ts';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { accessRoutes } from '../../src/api/routes/access.ts';
import { contentRoutes } from '../../src/api/routes/content.ts';
import { executionRoutes } from '../../src/api/routes/executions.ts';
import { statusRoutes } from '../../src/api/routes/status.ts';
import type { Route } from '../../src/api/route.ts';
import { type ApiConfig, type ApiServer, createApiServer } from '../../src/api/server.ts';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { silentLog, type Log } from '../../src/base/log.ts';
import { objectIds } from '../../src/base/object-id.ts';
import { LocalBus } from '../../src/bus/local/local-bus.ts';
import { createApiKey } from '../../src/operations/api-keys.ts';
import type { Context, Settings } from '../../src/operations/context.ts';
import { createMetrics } from '../../src/operations/metrics.ts';
import { registerPacks } from '../../src/operations/register-packs.ts';
import { createToken } from '../../src/operations/tokens.ts';
import { OutputFiles } from '../../src/store/files/output-files.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';

const root = join(import.meta.dirname, '../..');

/** Threads cannot load TypeScript on Node 20. Does nothing where it is up to date. */
const storeWorkerBuilt = promisify(execFile)(process.execPath, ['tools/build.mjs', 'store-worker'], { cwd: root });

export interface TestApiWish {
  readonly settings?: Partial<Settings>;
  readonly config?: Partial<ApiConfig>;
  readonly clock?: Clock;
  readonly log?: Log;
  /** Files below the home directory: `{'packs/demo/pack.yaml': '…'}`. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
  readonly routes?: readonly Route[];
  /** The same, for routes that are made with the server's own context. */
  readonly routesOf?: (context: Context) => readonly Route[];
}

export interface TestApi extends AsyncDisposable {
  readonly context: Context;
  readonly server: ApiServer;
  /** `http://127.0.0.1:<port>`: the main port. */
  readonly url: string;
  readonly home: string;
  readonly token: string;
  readonly apiKey: string;
  /** With a good token, unless `headers` are given. */
  request(path: string, init?: ApiRequest): Promise<ApiAnswer>;
}

export interface ApiRequest {
  readonly method?: string;
  /** Sent as JSON, unless it is text already. */
  readonly body?: unknown;
  /** Instead of a good token. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed where the answer says it is JSON. */
  readonly json: unknown;
}

/** User `st2admin` with password `Ch@ngeMe`, as openssl and htpasswd write it. */
export const htpasswd = 'st2admin:$apr1$abcdefgh$1Cqci07C6HKlnvOnQZzqN0\n';

export async function startTestApi(wish: TestApiWish = {}): Promise<TestApi> {
  await storeWorkerBuilt;
  const home = await mkdtemp(join(tmpdir(), 'stormtail-api-'));
  await mkdir(join(home, 'packs'));
  for (const [path, content] of Object.entries({ htpasswd, ...wish.files })) {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), content);
  }
  const clock = wish.clock ?? systemClock;
  const store = await openSqliteStore({
    path: ':memory:',
    workerUrl: pathToFileURL(join(root, 'dist/store-worker.js')),
    seal: { seal: (_, parameters) => parameters, open: (_, parameters) => parameters },
  });
  const log = wish.log ?? silentLog;
  const bus = new LocalBus(log);
  const context: Context = {
    store,
    output: new OutputFiles(join(home, 'output'), clock, { seal: sampleSeal() }),
    bus,
    clock,
    log,
    metrics: createMetrics(),
    newId: objectIds(() => clock.nowUs()),
    settings: {
      apiUrl: 'http://127.0.0.1:9101/api/v1',
      webUrl: 'http://127.0.0.1:9101',
      hostname: 'test',
      home,
      packPaths: [join(home, 'packs')],
      authEnabled: true,
      systemUser: 'stanley',
      htpasswdPath: join(home, 'htpasswd'),
      tokenTtlS: 86_400,
      serviceTokenTtlS: 86_400,
      maskSecrets: true,
      maxPageSize: 100,
      queueMax: 100_000,
      serviceTokenKey: Buffer.alloc(32, 7),
      ...wish.settings,
    },
  };
  await registerPacks(context, { failOnFailure: false });
  const { text: token } = await createToken(context, { user: 'st2admin' });
  const { text: apiKey = '' } = await createApiKey(context, { user: 'st2admin', isAdmin: true }, {});
  const server = createApiServer({
    context,
    routes: [
      ...contentRoutes(context),
      ...accessRoutes(context),
      ...executionRoutes(context),
      ...statusRoutes(context, {
        version: '0.0.0-test',
        startedUs: clock.nowUs(),
        readers: () => 0,
        services: () => [],
      }),
      ...(wish.routes ?? []),
      ...(wish.routesOf?.(context) ?? []),
    ],
    config: {
      allowOrigins: ['https://ops.example.com'],
      cookieSecure: true,
      cookieSameSite: 'lax',
      version: '0.0.0-test',
      ...wish.config,
    },
  });
  const { url } = await server.listen({ host: '127.0.0.1', port: 0 }, 'all');
  return {
    context,
    server,
    url,
    home,
    token,
    apiKey,
    request: (path, init) => requestApi(`${url}${path}`, { headers: { 'X-Auth-Token': token }, ...init }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await bus[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
}

export async function requestApi(url: string, { method = 'GET', body, headers = {} }: ApiRequest): Promise<ApiAnswer> {
  const isText = typeof body === 'string';
  const response = await fetch(url, {
    method,
    headers: { ...(body !== undefined && !isText ? { 'Content-Type': 'application/json' } : {}), ...headers },
    ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(15_000),
    redirect: 'manual',
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true && text !== '';
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
}

export function basic(user: string, password: string): { Authorization: string } {
  return { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}
