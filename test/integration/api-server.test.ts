/** The server itself: addresses, headers, casts, bodies, errors. Over real sockets. */
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import Type from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Fault } from '../../src/base/errors.ts';
import { route } from '../../src/api/route.ts';
import { demoPack } from '../support/demo-pack.ts';
import { type ApiAnswer, startTestApi, type TestApi } from '../support/api-server.ts';

const notFound = { faultstring: 'The resource could not be found.' };
let logged: unknown[] = [];

const ownRoutes = [
  route({
    method: 'POST',
    path: '/api/v1/echo',
    summary: 'what was understood',
    body: Type.Object(
      { action: Type.Unknown(), count: Type.Optional(Type.Integer({ minimum: 1 })) },
      { additionalProperties: false },
    ),
    async handle({ body }) {
      return { body };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/cast/:name',
    summary: 'what was understood',
    query: {
      flag: { kind: 'boolean', description: '' },
      count: { kind: 'integer', description: '' },
      items: { kind: 'array', description: '' },
      text: { kind: 'string', description: '' },
    },
    async handle({ query, path }) {
      return { body: { query, path } };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/broken',
    summary: 'fails on our side',
    async handle() {
      throw new Error('password is hunter2');
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/conflict',
    summary: 'exists already',
    async handle() {
      throw new Fault('conflict', 'Tried to save duplicate unique keys (x)', { details: { id: 'abc' } });
    },
  }),
  route({
    method: 'GET',
    path: '/stream/v1/stream',
    summary: 'a stream of its own',
    async handle() {
      return {
        kind: 'take-over',
        run(_request, response) {
          response.writeHead(200, { 'Content-Type': 'text/event-stream' });
          response.end('event: hello\ndata: {}\n\n');
        },
      };
    },
  }),
];

let api: TestApi;
beforeAll(async () => {
  const log = {
    error: (fields: unknown, message: string) => logged.push({ message, fields }),
    warn() {},
    info() {},
    debug() {},
    child: () => log,
  };
  api = await startTestApi({ files: demoPack, routes: ownRoutes, log });
});
afterAll(() => api[Symbol.asyncDispose]());

/** Sends a request as it is written, without a client library's corrections. */
async function raw(path: string, method = 'GET', headers: Record<string, string> = {}): Promise<ApiAnswer> {
  const { hostname, port } = new URL(api.url);
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, path, method, headers: { 'X-Auth-Token': api.token, ...headers } });
    request.on('error', reject).on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = text !== '' && response.headers['content-type'] === 'application/json';
        resolve({
          status: response.statusCode ?? 0,
          headers: new Headers(
            Object.entries(response.headers).map(([name, value]): [string, string] => [name, String(value)]),
          ),
          text,
          json: isJson ? JSON.parse(text) : undefined,
        });
      });
    });
    request.end();
  });
}

describe('addresses', () => {
  test.each([
    '/api/v1/actions/demo.a',
    '/api/v1/actions/demo.a/',
    '/api/actions/demo.a',
    '/v1/actions/demo.a',
    '/exp/actions/demo.a',
    '/actions/demo.a',
    '/api/v1/actions/demo%2Ea',
  ])('%s is one action', async (path) => {
    const answer = await raw(path);
    expect([answer.status, answer.json]).toMatchObject([200, { ref: 'demo.a' }]);
  });

  test('executions have a second name', async () => {
    for (const path of ['/api/v1/executions', '/actionexecutions/', '/v1/actionexecutions', '/api/v1/actionexecutions'])
      expect(await raw(path)).toMatchObject({ status: 200, json: [] });
  });

  test.each(['/stream/v1/stream', '/stream/stream', '/stream', '/api/stream', '/api/v1/stream', '/v1/stream'])(
    '%s is the stream',
    async (path) => {
      expect((await raw(path)).headers.get('content-type')).toBe('text/event-stream');
    },
  );

  test('the root is there with and without a slash', async () => {
    for (const path of ['/api/v1/', '/api/v1', '/v1/', '/api/'])
      expect((await raw(path)).json).toMatchObject({ version: '0.0.0-test' });
  });

  test.each([
    ['GET', '/api/v1/nope'],
    ['GET', '/nope'],
    ['GET', '/'],
    ['PATCH', '/api/v1/actions'],
    ['DELETE', '/api/v1/actions'],
    ['GET', '/api/v1/actions/a%2Fb'],
    ['GET', '/auth/v1/actions'],
    ['GET', '/api/v1//actions'],
    ['POST', '/api/v1/user'],
  ])('%s %s is not there, also for strangers', async (method, path) => {
    expect(await raw(path, method)).toMatchObject({ status: 404, json: notFound });
    expect(await raw(path, method, { 'X-Auth-Token': '' })).toMatchObject({ status: 404, json: notFound });
  });

  test('a path that cannot be decoded is a bad request', async () => {
    for (const path of ['/api/v1/actions/%zz', '/%ff%fe'])
      expect(await raw(path)).toMatchObject({ status: 400, json: { faultstring: expect.stringContaining('percent') } });
  });

  test('names may be long and hold any character', async () => {
    const name = `${'ä'.repeat(500)} ?#&`;
    const answer = await raw(`/api/v1/cast/${encodeURIComponent(name)}`);
    expect(answer.json).toMatchObject({ path: { name } });
  });
});

describe('HEAD and OPTIONS', () => {
  test('HEAD is GET without the body', async () => {
    const [head, get] = [await raw('/api/v1/actions/demo.a', 'HEAD'), await raw('/api/v1/actions/demo.a')];
    expect([head.status, head.text, head.headers.get('content-length')]).toEqual([
      200,
      '',
      get.headers.get('content-length'),
    ]);
    expect((await raw('/stream/v1/stream', 'HEAD')).status).toBe(200);
  });

  test.each(['/api/v1/actions', '/nope', '/auth/v1/tokens'])('OPTIONS %s needs no credentials', async (path) => {
    const answer = await raw(path, 'OPTIONS', { 'X-Auth-Token': '', Origin: 'https://ops.example.com' });
    expect([answer.status, answer.text, answer.headers.get('content-type')]).toEqual([200, '', 'text/html']);
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://ops.example.com');
    expect(answer.headers.get('access-control-allow-methods')).toBe('GET,POST,PUT,DELETE,OPTIONS');
  });
});

describe('headers on every answer', () => {
  test.each([
    ['/api/v1/actions', 200],
    ['/api/v1/nope', 404],
    ['/api/v1/actions?limit=0', 400],
    ['/api/v1/broken', 500],
    ['/stream/v1/stream', 200],
  ])('%s (%i)', async (path, status) => {
    const { headers, ...answer } = await raw(path, 'GET', { Origin: 'http://localhost:8080', 'X-Request-ID': 'mine' });
    expect(answer.status).toBe(status);
    expect(headers.get('x-request-id')).toBe('mine');
    expect(headers.get('access-control-allow-origin')).toBe('http://localhost:8080');
    expect(headers.get('access-control-allow-headers')).toBe(
      'Content-Type,Authorization,X-Auth-Token,St2-Api-Key,X-Request-ID',
    );
    expect(headers.get('access-control-allow-credentials')).toBe('true');
    expect(headers.get('access-control-expose-headers')).toBe('Content-Type,X-Limit,X-Total-Count,X-Request-ID');
  });

  test('a request without an id gets one, a foreign origin the first configured one', async () => {
    const { headers } = await raw('/api/v1/actions', 'GET', { Origin: 'https://evil.example.com' });
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    expect(headers.get('access-control-allow-origin')).toBe('https://ops.example.com');
  });

  test('JSON is plain application/json', async () => {
    expect((await raw('/api/v1/actions')).headers.get('content-type')).toBe('application/json');
    expect((await raw('/api/v1/nope')).headers.get('content-type')).toBe('application/json');
  });
});

describe('query parameters', () => {
  test('are cast; undeclared and empty ones do not arrive', async () => {
    const { json } = await raw('/api/v1/cast/x?flag=YES&count=-3&items=a,b&items=c&text=1&text=2&other=1');
    expect(json).toMatchObject({ query: { flag: true, count: -3, items: ['a', 'b', 'c'], text: '2' } });
    expect((await raw('/api/v1/cast/x?flag=&count=&items=&text=&__proto__=1')).json).toEqual({
      query: {},
      path: { name: 'x' },
    });
  });

  test.each([
    ['flag=maybe', 'Parameter "flag" is not of type boolean'],
    ['count=1.5', 'Parameter "count" is not of type integer'],
    ['count=abc', 'Parameter "count" is not of type integer'],
  ])('%s is refused', async (query, faultstring) => {
    expect(await raw(`/api/v1/cast/x?${query}`)).toMatchObject({ status: 400, json: { faultstring } });
  });
});

describe('bodies', () => {
  const post = (body: string, type?: string) =>
    api.request('/api/v1/echo', {
      method: 'POST',
      body,
      headers: { 'X-Auth-Token': api.token, ...(type === undefined ? {} : { 'Content-Type': type }) },
    });

  test('JSON, text read as JSON, and forms are understood', async () => {
    expect((await post('{"action":1}', 'application/json; charset=utf-8')).json).toEqual({ action: 1 });
    expect((await post('{"action":1}', 'text/plain')).json).toEqual({ action: 1 });
    expect((await post('action=x&action=y', 'application/x-www-form-urlencoded')).json).toEqual({ action: ['x', 'y'] });
  });

  test.each([
    ['', 'application/json', "'action' is a required property"],
    ['{}', 'application/json', "'action' is a required property"],
    ['[]', 'application/json', "[] is not of type 'object'"],
    [
      '{"action":1,"bogus":1,"more":2}',
      'application/json',
      "Additional properties are not allowed ('bogus', 'more' were unexpected)",
    ],
    ['{"action":1,"count":"x"}', 'application/json', "'x' is not of type 'integer'"],
    ['{"action":1,"count":0}', 'application/json', '0 is less than the minimum of 1'],
    ['<a/>', 'application/xml', 'Failed to parse request body: Unsupported Content-Type: "application/xml"'],
    ['x', 'bogus', 'Failed to parse request body: Unsupported Content-Type: "bogus"'],
  ])('%s as %s is refused', async (body, type, faultstring) => {
    expect(await post(body, type)).toMatchObject({ status: 400, json: { faultstring } });
  });

  test('broken JSON is refused with the place', async () => {
    const { status, json } = await post('{bad', 'application/json');
    expect([status, json]).toEqual([400, { faultstring: expect.stringMatching(/^Failed to parse request body: .*1/) }]);
  });

  test('a body without end is refused, and its sender still reads why', async () => {
    const answer = await post(`{"action":"${'x'.repeat(21 * 1024 * 1024)}"}`, 'application/json');
    expect(answer).toMatchObject({ status: 413, json: { faultstring: expect.stringContaining('20971520') } });
  });

  test('strangers are refused before their body is judged', async () => {
    const answer = await api.request('/api/v1/echo', { method: 'POST', body: '{bad', headers: {} });
    expect(answer.status).toBe(401);
  });
});

describe('errors', () => {
  test('what went wrong on our side is logged, not told', async () => {
    logged = [];
    expect(await raw('/api/v1/broken?x-auth-token=secret')).toMatchObject({
      status: 500,
      json: { faultstring: 'Internal Server Error' },
    });
    expect(logged).toEqual([
      {
        message: 'a request failed',
        fields: expect.objectContaining({ error: 'password is hunter2', path: '/api/v1/broken' }),
      },
    ]);
  });

  test('a conflict names what exists', async () => {
    expect(await raw('/api/v1/conflict')).toMatchObject({
      status: 409,
      json: { faultstring: 'Tried to save duplicate unique keys (x)', 'conflict-id': 'abc' },
    });
  });

  test('what is not HTTP is answered and hung up on', async () => {
    const { hostname, port } = new URL(api.url);
    const socket = connect(Number(port), hostname);
    socket.end('nonsense\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += chunk;
    expect(text).toMatch(/^HTTP\/1.1 400 /);
    expect(text).toContain('{"faultstring":');
  });
});
