/** What browsers and generators load: the built web UI, and the OpenAPI document. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isObject } from '../../src/base/json.ts';
import { openApiDocument } from '../../src/api/openapi.ts';
import { accessRoutes } from '../../src/api/routes/access.ts';
import { contentRoutes } from '../../src/api/routes/content.ts';
import { executionRoutes } from '../../src/api/routes/executions.ts';
import { startTestApi, type TestApi } from '../support/api-server.ts';

const script = "document.documentElement.dataset.theme = 'dark'";
const page = `<!doctype html><script>${script}</script><script type="module" src="./assets/index-AbCd1234.js"></script>`;

let site: TestApi;
beforeAll(async () => {
  const holder = await startTestApi({
    files: {
      'web/index.html': page,
      'web/icon.svg': '<svg/>',
      'web/assets/index-AbCd1234.js': 'export {}',
      'web/assets/actions': 'a file whose name is not a resource',
      'web/actions': 'a file whose name is a resource',
      'web/.hidden': 'no',
      'secret.txt': 'no',
    },
  });
  await holder.server[Symbol.asyncDispose]();
  site = await startTestApi({ config: { webRoot: join(holder.home, 'web') } });
  homes.push(holder);
});
const homes: TestApi[] = [];
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  for (const one of homes) await one[Symbol.asyncDispose]();
});

const get = (path: string, headers: Record<string, string> = {}) => site.request(path, { headers });

describe('the web UI', () => {
  test('is at the root, without credentials, under a strict policy', async () => {
    const answer = await get('/');
    expect([answer.status, answer.text]).toEqual([200, page]);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    const policy = answer.headers.get('content-security-policy') ?? '';
    const hash = createHash('sha256').update(script).digest('base64');
    expect(policy).toContain(`script-src 'self' 'sha256-${hash}';`);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(answer.headers.get('x-frame-options')).toBe('DENY');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('is not sent again while it is the same', async () => {
    const etag = (await get('/')).headers.get('etag') ?? '';
    expect(await get('/', { 'If-None-Match': etag })).toMatchObject({ status: 304, text: '' });
    expect((await get('/index.html', { 'If-None-Match': '"x"' })).status).toBe(200);
  });

  test('names with a hash in them are kept for good', async () => {
    const answer = await get('/assets/index-AbCd1234.js');
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect((await get('/icon.svg')).headers.get('content-type')).toBe('image/svg+xml');
    expect((await get('/icon.svg')).headers.get('cache-control')).toBe('no-cache');
  });

  test.each([
    '/nope',
    '/assets',
    '/assets/',
    '/assets/nope.js',
    '/..%2Fsecret.txt',
    '/assets/..%2F..%2Fsecret.txt',
    '/%2e%2e%2fsecret.txt',
    '/.hidden',
    '/a%00b',
    '/assets%5C..%5Csecret.txt',
    '/api/index.html',
  ])('%s is not there', async (path) => {
    expect(await get(path)).toMatchObject({ status: 404, json: { faultstring: 'The resource could not be found.' } });
  });

  test('resources come before files, and other methods have no files', async () => {
    expect((await get('/actions')).status).toBe(401);
    expect((await site.request('/', { method: 'POST', headers: {} })).status).toBe(404);
    expect((await site.request('/', { method: 'HEAD', headers: {} })).status).toBe(200);
  });

  test('is not on the compatible ports', async () => {
    await using auth = await site.server.listen({ host: '127.0.0.1', port: 0 }, 'auth');
    expect((await fetch(`${auth.url}/`)).status).toBe(404);
    expect((await fetch(`${auth.url}/index.html`)).status).toBe(404);
  });
});

describe('the OpenAPI document', () => {
  test('is served, with credentials', async () => {
    for (const path of ['/api/v1/openapi.json', '/api/openapi.json'])
      expect(await get(path, { 'X-Auth-Token': site.token })).toMatchObject({
        status: 200,
        json: { openapi: '3.1.0' },
      });
    expect((await get('/api/v1/openapi.json')).status).toBe(401);
  });

  test('has every route in it, and itself', async () => {
    const { json } = await get('/api/v1/openapi.json', { 'X-Auth-Token': site.token });
    const { paths } = json as { paths: Record<string, Record<string, unknown>> }; // checked next
    const { context } = site;
    for (const { method, path } of [...contentRoutes(context), ...accessRoutes(context), ...executionRoutes(context)]) {
      const documented = path.replace(/:(\w+)/g, '{$1}').replace(/\*$/, '{path}');
      expect(paths[documented]?.[method.toLowerCase()], `${method} ${path}`).toBeDefined();
    }
    expect(paths['/api/v1/openapi.json']).toBeDefined();
    expect(paths['/api/v1']).toBeDefined();
  });

  test('is valid in form', () => {
    const { context } = site;
    const routes = [...contentRoutes(context), ...accessRoutes(context), ...executionRoutes(context)];
    const document = JSON.parse(JSON.stringify(openApiDocument(routes, '1.0.0')));
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Stormtail', version: '1.0.0' } });
    const ids = new Set<string>();
    for (const [path, methods] of Object.entries<Record<string, Operation>>(document.paths)) {
      expect(path).toMatch(/^\/(?:[\w.-]+|\{\w+\})(?:\/(?:[\w.-]+|\{\w+\}))*$/);
      for (const [method, operation] of Object.entries(methods)) {
        expect(['get', 'post', 'put', 'delete']).toContain(method);
        expect(ids.has(operation.operationId), operation.operationId).toBe(false);
        ids.add(operation.operationId);
        expect(operation.summary).not.toBe('');
        const variables = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
        const declared = operation.parameters.filter((one) => one.in === 'path').map((one) => one.name);
        expect(declared).toEqual(variables);
        const names = operation.parameters.map((one) => `${one.in} ${one.name}`);
        expect(new Set(names).size).toBe(names.length);
        for (const one of operation.parameters) expect(isObject(one.schema)).toBe(true);
        expect(Object.keys(operation.responses).every((status) => /^(?:2\d\d|default)$/.test(status))).toBe(true);
      }
    }
    for (const reference of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const target = (reference[1] ?? '')
        .split('/')
        .reduce<unknown>((at, step) => (isObject(at) ? at[step] : undefined), document);
      expect(target, reference[0]).toBeDefined();
    }
    expect(document.paths['/auth/v1/tokens'].post.security).toEqual([]);
    expect(document.paths['/api/v1/apikeys'].post.responses['201']).toBeDefined();
  });
});

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: unknown }[];
  readonly responses: Readonly<Record<string, unknown>>;
}
