/** Streamed answers, ports and closing: what a server does with time. Over real sockets. */
import { connect, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { route } from '../../src/api/route.ts';
import { requestApi, startTestApi, type TestApi } from '../support/api-server.ts';

const notFound = { faultstring: 'The resource could not be found.' };
/** Readers of the endless answer whose source is still open. */
let endless = 0;

const ownRoutes = [
  route({
    method: 'GET',
    path: '/api/v1/endless',
    summary: 'streams until the reader goes',
    async handle() {
      async function* lines() {
        endless += 1;
        try {
          for (;;) {
            yield 'line\n'.repeat(2000);
            await new Promise((resolve) => setImmediate(resolve));
          }
        } finally {
          endless -= 1;
        }
      }
      return { headers: { 'Content-Type': 'text/plain' }, body: lines() };
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
  api = await startTestApi({ routes: ownRoutes });
});
afterAll(() => api[Symbol.asyncDispose]());

describe('streamed answers', () => {
  test('are not begun for HEAD', async () => {
    const answer = await api.request('/api/v1/endless', { method: 'HEAD', headers: { 'X-Auth-Token': api.token } });
    expect([answer.status, answer.text, endless]).toEqual([200, '', 0]);
  });

  test('end when the reader goes', async () => {
    const abort = new AbortController();
    const response = await fetch(`${api.url}/api/v1/endless`, {
      headers: { 'X-Auth-Token': api.token },
      signal: abort.signal,
    });
    await response.body?.getReader().read();
    expect(endless).toBe(1);
    abort.abort();
    await expect.poll(() => endless).toBe(0);
  });

  test('wait for a reader who does not read', async () => {
    const { hostname, port } = new URL(api.url);
    const socket = connect(Number(port), hostname);
    socket.write(`GET /api/v1/endless?x-auth-token=${api.token} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await new Promise((resolve) => socket.once('readable', resolve));
    const before = process.memoryUsage().rss;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
    socket.destroy();
    await expect.poll(() => endless).toBe(0);
  });
});

describe('ports', () => {
  test('the compatible ones answer for one service, with and without prefix', async () => {
    const auth = await api.server.listen({ host: '127.0.0.1', port: 0 }, 'auth');
    const stream = await api.server.listen({ host: '127.0.0.1', port: 0 }, 'stream');
    const get = (url: string) => requestApi(url, { headers: { 'X-Auth-Token': api.token } });
    for (const path of ['/sso', '/v1/sso', '/auth/v1/sso', '/auth/sso/'])
      expect(await get(auth.url + path)).toMatchObject({ status: 200, json: { enabled: false } });
    for (const path of ['/stream', '/v1/stream', '/stream/v1/stream'])
      expect((await get(stream.url + path)).text).toContain('event: hello');
    expect(await get(`${auth.url}/v1/actions`)).toMatchObject({ status: 404, json: notFound });
    await auth.close();
    await expect(get(`${auth.url}/sso`)).rejects.toThrow();
    await stream.close();
  });

  test('a taken one is a clear error', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(api.server.listen({ host: '127.0.0.1', port }, 'all')).rejects.toMatchObject({
      code: 'address_in_use',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
    other.close();
  });
});

test('a request without a network is answered the same', async () => {
  const answer = await api.server.inject({ url: '/v1/user/', headers: { 'x-auth-token': api.token } });
  expect([answer.statusCode, answer.json()]).toMatchObject([200, { username: 'st2admin' }]);
});

describe('closing', () => {
  test('lets running requests finish, hangs up on idle ones and accepts no more', async () => {
    const gate: { open: () => void } = { open() {} };
    const started: { done: () => void } = { done() {} };
    const isStarted = new Promise<void>((resolve) => {
      started.done = resolve;
    });
    const slow = route({
      method: 'GET',
      path: '/api/v1/slow',
      summary: 'waits',
      async handle() {
        started.done();
        await new Promise<void>((resolve) => {
          gate.open = resolve;
        });
        return { body: { done: true } };
      },
    });
    await using own = await startTestApi({ routes: [slow] });
    await own.request('/api/v1/user'); // leaves an idle connection
    const answer = own.request('/api/v1/slow');
    await isStarted;
    const closing = own.server[Symbol.asyncDispose]();
    await expect(own.request('/api/v1/user')).rejects.toThrow();
    gate.open();
    expect((await answer).json).toEqual({ done: true });
    await closing;
    await own.server[Symbol.asyncDispose]();
  });

  test('cuts off what takes longer than the grace', async () => {
    await using own = await startTestApi({ routes: ownRoutes, config: { closeGraceMs: 50 } });
    const response = await fetch(`${own.url}/api/v1/endless`, { headers: { 'X-Auth-Token': own.token } });
    const reader = response.body?.getReader();
    await reader?.read();
    await own.server[Symbol.asyncDispose]();
    await expect(
      (async () => {
        while (!(await reader?.read())?.done);
      })(),
    ).rejects.toThrow();
    await expect.poll(() => endless).toBe(0);
  });
});
