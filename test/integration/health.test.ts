/** `/healthz`, `/readyz` and `/metrics` of a real server: what they say, to whom, and what they must not say. */
import { expect, test } from 'vitest';
import { startServer, type TestServer } from '../support/server.ts';
import { until } from '../support/server-wait.ts';

/** Samples by name with labels, as they are printed: `x_total{status="failed"}` → 3. */
async function samplesOf(server: TestServer): Promise<ReadonlyMap<string, number>> {
  const { status, text } = await server.request('GET', '/metrics', undefined, {});
  expect(status).toBe(200);
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

test('health and readiness need no credentials, unlike anything else', async () => {
  await using server = await startServer();
  const ask = (path: string) => server.request('GET', path, undefined, {});
  expect(await ask('/healthz')).toMatchObject({ status: 200, json: { status: 'ok' } });
  expect(await ask('/readyz')).toMatchObject({ status: 200, json: { ready: true, reasons: [] } });
  expect((await ask('/readyz')).headers.get('cache-control')).toBe('no-store');
  expect((await ask('/api/v1/status')).status).toBe(401);
});

test('metrics count what happened, by stage, and name nobody', async () => {
  await using server = await startServer();
  const before = await samplesOf(server);
  expect(before.get('stormtail_slots')).toBe(60);
  const good = await server.run('core.local', { cmd: 'echo one; echo two' });
  const bad = await server.run('core.local', { cmd: 'echo hunter2-in-a-command; exit 3' });
  const waiting = await server.run('core.local', { cmd: 'true' }, { delay: 3_600_000 });
  await server.finished(good);
  await server.finished(bad);
  const ids = 'runner="local-shell-cmd"';
  const samples = await until('the delayed one is in the queue', async () => {
    const now = await samplesOf(server);
    return now.get('stormtail_queue_executions{status="delayed"}') === 1 && now;
  });
  const expected: Record<string, number> = {
    [`stormtail_executions_requested_total{${ids}}`]: 3,
    [`stormtail_executions_ended_total{${ids},status="succeeded"}`]: 1,
    [`stormtail_executions_ended_total{${ids},status="failed"}`]: 1,
    stormtail_execution_claim_seconds_count: 2,
    [`stormtail_execution_start_seconds_count{${ids}}`]: 2,
    [`stormtail_execution_run_seconds_count{${ids}}`]: 2,
    [`stormtail_execution_run_seconds_bucket{${ids},le="+Inf"}`]: 2,
    stormtail_execution_finish_seconds_count: 2,
    stormtail_output_bytes_total: 'one\ntwo\nhunter2-in-a-command\n'.length,
    stormtail_output_records_total: 3,
    stormtail_slots_in_use: 0,
    'stormtail_http_request_seconds_count{method="POST",route="/api/v1/executions",status="201"}': 3,
  };
  expect(Object.fromEntries(Object.keys(expected).map((name) => [name, samples.get(name)]))).toEqual(expected);
  expect(samples.get('stormtail_store_commits_total')).toBeGreaterThan(
    before.get('stormtail_store_commits_total') ?? 0,
  );
  for (const name of ['process_open_fds', 'nodejs_eventloop_lag_p99_seconds', 'nodejs_heap_size_used_bytes'])
    expect(samples.has(name), name).toBe(true);

  // Who waits is canceled without a run; that is an end too.
  await server.request('DELETE', `/api/v1/executions/${waiting}`);
  expect((await samplesOf(server)).get(`stormtail_executions_ended_total{${ids},status="canceled"}`)).toBe(1);

  await server.request('GET', '/api/v1/executions/nobody@example.org?x-auth-token=hunter2', undefined, {});
  const { text } = await server.request('GET', '/metrics', undefined, {});
  for (const secret of ['hunter2', 'core.local', 'st2admin', 'example.org', good, server.apiKey, server.home])
    expect(text, secret).not.toContain(secret);
});

test('output is counted while it is printed, readers while they follow', async () => {
  await using server = await startServer();
  const id = await server.run('core.local', { cmd: 'echo begun; sleep 60' });
  const leave = new AbortController();
  const following = await fetch(`${server.url}/stream/v1/executions/${id}/output`, {
    headers: { 'St2-Api-Key': server.apiKey },
    signal: leave.signal,
  });
  const reader = following.body?.getReader();
  await reader?.read();
  const samples = await until('the line is counted', async () => {
    const now = await samplesOf(server);
    return now.get('stormtail_output_records_total') === 1 && now;
  });
  expect(samples.get('stormtail_readers{kind="output"}')).toBe(1);
  expect(samples.get('stormtail_slots_in_use')).toBe(1);
  expect(samples.get('stormtail_stream_bytes_total')).toBeGreaterThan(0);
  // A stream is counted when it begins: its length says nothing about the server.
  const stream = 'method="GET",route="/stream/v1/executions/:id/output",status="200"';
  expect(samples.get(`stormtail_http_request_seconds_count{${stream}}`)).toBe(1);
  leave.abort();
  await until(
    'the reader is gone',
    async () => (await samplesOf(server)).get('stormtail_readers{kind="output"}') === 0,
  );
  await server.request('DELETE', `/api/v1/executions/${id}`);
  await server.finished(id);
  expect((await samplesOf(server)).get(`stormtail_http_request_seconds_count{${stream}}`)).toBe(1);
});

test('a stopping server says that it takes no work, and goes on answering', async () => {
  await using server = await startServer();
  const id = await server.run('core.local', { cmd: 'sleep 60' });
  await server.reached(id, 'running');
  server.signal('SIGTERM');
  const answer = await until('not ready', async () => {
    const now = await server.request('GET', '/readyz', undefined, {});
    return now.status === 503 && now;
  });
  expect(answer.json).toEqual({ ready: false, reasons: ['the server is stopping: it takes no new executions'] });
  expect((await server.request('GET', '/healthz', undefined, {})).status).toBe(200);
  server.signal('SIGTERM');
  expect(await server.exited).toEqual({ code: 0, signal: null });
});

test('metrics are open to this machine on loopback, and else to a token, an address or a user', async () => {
  await using server = await startServer({ config: '[metrics]\ntoken = let-me-in\nallow = 192.0.2.0/24\n' });
  const ask = async (headers: Record<string, string>) =>
    (await server.request('GET', '/metrics', undefined, headers)).status;
  expect(await ask({})).toBe(200);
  const elsewhere = { 'X-Forwarded-For': '198.51.100.7' };
  expect(await ask(elsewhere)).toBe(401);
  expect(await ask({ ...elsewhere, Authorization: 'Bearer let-me-in' })).toBe(200);
  expect(await ask({ ...elsewhere, Authorization: 'Bearer let-me-out' })).toBe(401);
  expect(await ask({ ...elsewhere, 'St2-Api-Key': server.apiKey })).toBe(200);
  expect(await ask({ 'X-Forwarded-For': '192.0.2.77' })).toBe(200);

  await server.kill();
  await using open = await server.again({ STORMTAIL_LISTEN: '0.0.0.0:0', STORMTAIL_METRICS_ALLOW: '' });
  expect((await open.request('GET', '/metrics', undefined, {})).status).toBe(401);
  expect((await open.request('GET', '/readyz', undefined, {})).status).toBe(200);
});
