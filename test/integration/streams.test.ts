/** Every way to watch output, over real sockets: path 1, path 2, path 3, and the two plain texts of the early draft. */
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestServer, startServer } from '../support/server.ts';
import { until, within } from '../support/server-wait.ts';
import { EventStream, outputEvent, StreamRefused } from '../support/sse.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer({ config: '[stream]\nheartbeat = 0.3\n' });
});

afterAll(() => server[Symbol.asyncDispose]());

const credentials = () => ({ 'St2-Api-Key': server.apiKey });
const follow = (id: string, query = '', headers = {}) =>
  EventStream.open(`${server.url}/stream/v1/executions/${id}/output${query}`, {
    headers: { ...credentials(), ...headers },
  });
const ended = (stream: EventStream) => within('the end of the stream', 10_000, stream.closed);

/** Runs until `go(name)` is called: the steps of a test, without sleeping. */
async function stepwise(cmd: string): Promise<{ id: string; go: (step: string) => Promise<void> }> {
  const gate = `${server.home}/gate-${Math.random().toString(36).slice(2)}`;
  const wait = `wait_for() { until [ -e ${gate}-$1 ]; do sleep 0.02; done; }; `;
  const id = await server.run('core.local', { cmd: wait + cmd });
  return { id, go: (step) => writeFile(`${gate}-${step}`, '') };
}

describe('before anything has run', () => {
  test('last is a bad request, whichever way', async () => {
    const text = /No executions found in the database/;
    for (const path of ['output', 'stdout', 'stderr']) {
      const answer = await server.request('GET', `/api/v1/executions/last/${path}`);
      expect(answer.status, path).toBe(400);
      expect(answer.json['faultstring']).toMatch(text);
    }
    await expect(follow('last')).rejects.toMatchObject({ status: 400, message: expect.stringMatching(text) });
  });
});

describe('one execution (path 2)', () => {
  test('what was printed, then what is printed, then EOF; each record with its id', async () => {
    const { id, go } = await stepwise('echo one; wait_for a; echo two >&2; wait_for b; echo three');
    await until('the first line', async () => (await server.output(id)) === 'one\n');
    using stream = await follow(id);
    await stream.waitFor('what was there', ({ data }) => data === 'one\n');
    await go('a');
    await stream.waitFor('a live line', ({ data }) => data === 'one\ntwo\n');
    await go('b');
    expect(await ended(stream)).toBe('end');
    expect(stream.records).toMatchObject([
      { seq: 1, output_type: 'stdout', data: 'one\n' },
      { seq: 2, output_type: 'stderr', data: 'two\n' },
      { seq: 3, output_type: 'stdout', data: 'three\n' },
    ]);
    for (const record of stream.records) {
      expect(record).toMatchObject({ execution_id: id, action_ref: 'core.local', runner_ref: 'local-shell-cmd' });
      expect(record.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      expect(record.id).toMatch(/^[0-9a-f]{24}$/);
      expect(record).not.toHaveProperty('status');
    }
    expect(new Set(stream.records.map((record) => record.id)).size).toBe(3);
    expect(stream.frames.map((frame) => frame.event)).toEqual([outputEvent, outputEvent, outputEvent, 'EOF']);
    expect(stream.text).toContain("event: EOF\ndata: ''\n\n");
    expect(stream.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=UTF-8',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
      'transfer-encoding': 'chunked',
    });
  });

  test('a line is seen within 200 ms of its printing', async () => {
    const id = await server.run('core.local', { cmd: 'for i in 1 2 3 4 5; do date +%s%3N; sleep 0.2; done' });
    using stream = await follow(id);
    const originMs = Date.now() - performance.now();
    expect(await ended(stream)).toBe('end');
    const delays = stream
      .events(outputEvent)
      .map((frame) => originMs + frame.atMs - Number(JSON.parse(frame.data).data));
    expect(delays).toHaveLength(5);
    // The median: one of them may meet a machine that is busy with other tests.
    expect(delays.sort((a, b) => a - b)[2]).toBeLessThan(200);
  });

  test('a prompt without a line end is seen while it waits, and the text stays exact', async () => {
    const { id, go } = await stepwise("printf 'name? '; wait_for answer; echo ok");
    using stream = await follow(id);
    await stream.waitFor('the prompt', ({ data }) => data === 'name? ');
    const [prompt] = stream.events(outputEvent);
    expect(Date.parse(JSON.parse(prompt?.data ?? '').timestamp)).toBeLessThan(Date.now());
    await go('answer');
    await ended(stream);
    expect(stream.data).toBe('name? ok\n');
    expect((await server.finished(id))['output']).toMatchObject({ lines: 1, bytes: 9 });
  });

  test('a partial line is shown about 100 ms after it was printed', async () => {
    const cmd = 'for i in 1 2 3 4 5 6 7 8; do date +%s%3N | tr "\\n" " "; sleep 0.25; done; echo';
    const id = await server.run('core.local', { cmd });
    using stream = await follow(id);
    const originMs = Date.now() - performance.now();
    await ended(stream);
    const partial = stream.events(outputEvent).slice(0, 8);
    const delays = partial.map((frame) => originMs + frame.atMs - Number(JSON.parse(frame.data).data));
    // Timers that fire early once made some of them wait for a second look; one or two may meet a busy machine.
    expect(delays.sort((a, b) => a - b)[5]).toBeLessThan(190);
    expect(stream.data).toMatch(/^(\d{13} ){8}\n$/);
  });

  test('a silent one is kept open by heartbeats, also after records', async () => {
    const { id, go } = await stepwise('wait_for a; echo one; wait_for b');
    using stream = await follow(id);
    await stream.waitFor('two heartbeats', ({ heartbeats }) => heartbeats >= 2);
    await go('a');
    await stream.waitFor('the line', ({ data }) => data === 'one\n');
    const before = stream.heartbeats;
    await stream.waitFor('two more', ({ heartbeats }) => heartbeats >= before + 2);
    await go('b');
    expect(await ended(stream)).toBe('end');
  });

  test('over already: everything, EOF, closed', async () => {
    const id = await server.run('core.local', { cmd: 'echo one; echo two >&2' });
    await server.finished(id);
    using stream = await follow(id);
    expect(await ended(stream)).toBe('end');
    expect(stream.data).toBe(await server.output(id));
    expect(stream.frames.at(-1)?.event).toBe('EOF');
    using silent = await follow(await server.run('core.local', { cmd: 'true' }));
    expect(await ended(silent)).toBe('end');
    expect(silent.frames.map((frame) => frame.event)).toEqual(['EOF']);
    using processless = await follow(await server.run('core.noop'));
    expect(await ended(processless)).toBe('end');
    expect(processless.frames.map((frame) => frame.event)).toEqual(['EOF']);
  });

  test('canceled and failed to start end with EOF too', async () => {
    const id = await server.run('core.local', { cmd: 'echo one; sleep 60' });
    using stream = await follow(id);
    await stream.waitFor('its line', ({ data }) => data === 'one\n');
    await server.request('DELETE', `/api/v1/executions/${id}`);
    expect(await ended(stream)).toBe('end');
    expect(stream.frames.at(-1)?.event).toBe('EOF');
    using failed = await follow(await server.run('core.local', { cmd: 'true', cwd: '/no/such/place' }));
    expect(await ended(failed)).toBe('end');
  });

  test('Last-Event-ID and since continue after a record; a cursor beyond the end or of another form is harmless', async () => {
    const id = await server.run('core.local', { cmd: 'for i in 1 2 3 4 5; do echo $i; done; sleep 0.3; echo 6' });
    const seqs = async (query: string, headers = {}) => {
      using stream = await follow(id, query, headers);
      await ended(stream);
      return stream.records.map((record) => record.seq);
    };
    // Twice: while it runs, and when it is over.
    for (const moment of ['running', 'over']) {
      const [all, ...rest] = await Promise.all([
        seqs(''),
        seqs('', { 'Last-Event-ID': '2' }),
        seqs('?since=2'),
        seqs('?since=2', { 'Last-Event-ID': '4' }),
        seqs('', { 'Last-Event-ID': '999' }),
        seqs('', { 'Last-Event-ID': 'nonsense' }),
      ]);
      const last = all?.at(-1) ?? 0;
      const seqsAfter = (seq: number) => Array.from({ length: Math.max(0, last - seq) }, (_, i) => seq + i + 1);
      expect(all, moment).toEqual(seqsAfter(0));
      expect(rest, moment).toEqual([seqsAfter(2), seqsAfter(2), seqsAfter(4), seqsAfter(999), seqsAfter(0)]);
    }
  });

  test('only one type; an unknown type is an empty stream with its end', async () => {
    const id = await server.run('core.local', { cmd: 'echo out; echo err >&2; sleep 0.2; echo out2; echo err2 >&2' });
    const of = async (type: string) => {
      using stream = await follow(id, `?output_type=${type}`);
      expect(await ended(stream)).toBe('end');
      expect(stream.frames.at(-1)?.event).toBe('EOF');
      return stream.data;
    };
    const texts = await Promise.all(['stdout', 'stderr', 'all', 'output', 'other'].map(of));
    expect(texts[0]).toBe('out\nout2\n');
    expect(texts[1]).toBe('err\nerr2\n');
    expect([...(texts[2] ?? '')].sort().join('')).toBe([...'out\nout2\nerr\nerr2\n'].sort().join(''));
    expect(texts.slice(3)).toEqual(['', '']);
    for (const [at, type] of ['stdout', 'stderr', 'all', 'output', 'other'].entries())
      expect(await server.output(id, `?output_type=${type}`), type).toBe(texts[at]);
  });

  test('end=true says how it ended, status=true tells the statuses in place', async () => {
    const { id, go } = await stepwise('printf "a\\nb"; wait_for end; exit 3');
    await server.reached(id, 'running');
    using stream = await follow(id, '?end=true&status=true');
    await stream.waitFor('its text', ({ data }) => data === 'a\nb');
    await go('end');
    expect(await ended(stream)).toBe('end');
    const names = stream.frames.map((frame) => frame.event);
    expect(names.slice(-3)).toEqual(['st2.execution__update', 'st2.execution.output__end', 'EOF']);
    const statuses = stream.events('st2.execution__update').map((frame) => JSON.parse(frame.data).status);
    expect(statuses).toEqual(['running', 'failed']);
    expect(names[0]).toBe('st2.execution__update');
    expect(JSON.parse(stream.events('st2.execution.output__end')[0]?.data ?? '')).toEqual({
      execution_id: id,
      status: 'failed',
      exit_code: 3,
      records: 2,
      lines: 1,
      bytes: 3,
      lost_bytes: 0,
    });
  });

  test('unknown executions and strangers are refused with JSON', async () => {
    await expect(follow('0123456789abcdef01234567')).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining('faultstring'),
    });
    await expect(follow('nonsense')).rejects.toMatchObject({ status: 404 });
    const anonymous = EventStream.open(`${server.url}/stream/v1/executions/last/output`);
    await expect(anonymous).rejects.toBeInstanceOf(StreamRefused);
    await expect(anonymous).rejects.toMatchObject({ status: 401 });
    await expect(EventStream.open(`${server.url}/stream/v1/stream`)).rejects.toMatchObject({ status: 401 });
    for (const path of ['output', 'stdout', 'stderr']) {
      const of = (id: string, headers?: Record<string, string>) =>
        server.request('GET', `/api/v1/executions/${id}/${path}`, undefined, headers);
      expect(await of('0123456789abcdef01234567'), path).toMatchObject({
        status: 404,
        json: { faultstring: 'Unable to identify resource with id "0123456789abcdef01234567".' },
      });
      expect(await of('last', {}), path).toMatchObject({ status: 401, json: { faultstring: expect.any(String) } });
    }
  });
});

describe('a hundred readers of one execution', () => {
  test('all get everything, in order, whether they came before, during or after', async () => {
    const id = await server.run('core.local', { cmd: 'for i in $(seq 400); do echo line $i; sleep 0.003; done' });
    const streams: EventStream[] = [];
    for (let i = 0; i < 100; i++) streams.push(await follow(id));
    await Promise.all(streams.map(ended));
    const expected = Array.from({ length: 400 }, (_, i) => `line ${i + 1}\n`).join('');
    for (const stream of streams) {
      expect(stream.data).toBe(expected);
      expect(stream.records.map((record) => record.seq)).toEqual(stream.records.map((_, at) => at + 1));
    }
  });
});

describe('the plain texts of the early draft', () => {
  test.each(['stdout', 'stderr'])('/%s: so far, then each line, to the end, and not a byte more', async (type) => {
    const to = type === 'stderr' ? '>&2' : '';
    const { id, go } = await stepwise(`echo one ${to}; wait_for a; printf 'two, é' ${to}; wait_for b`);
    await until('the first line', async () => (await server.output(id)) === 'one\n');
    const response = await fetch(`${server.url}/api/v1/executions/${id}/${type}`, { headers: credentials() });
    expect(response.headers.get('content-type')).toBe('text/plain; charset=UTF-8');
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    let text = '';
    const reading = (async () => {
      const decoder = new TextDecoder();
      for await (const piece of response.body ?? []) text += decoder.decode(piece, { stream: true });
    })();
    await until('what was there', () => text === 'one\n');
    await go('a');
    await until('the live text', () => text === 'one\ntwo, é');
    // Longer than the heartbeat of event streams: nothing may be injected here.
    const started = performance.now();
    await until('a while', () => performance.now() - started > 700);
    await go('b');
    await within('the end', 5_000, reading);
    expect(text).toBe('one\ntwo, é');
    const late = await server.request('GET', `/api/v1/executions/${id}/${type}`);
    expect(late.text).toBe(text);
  });
});

describe('over REST (path 1)', () => {
  test('answers at once while it runs; last is the newest', async () => {
    const { id, go } = await stepwise('echo one; wait_for a');
    await until('the first line', async () => (await server.output(id)) === 'one\n');
    expect(await server.output('last')).toBe('one\n');
    const answer = await server.request('GET', `/api/v1/executions/${id}/output`);
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=UTF-8');
    await go('a');
    using last = await follow('last');
    expect(await ended(last)).toBe('end');
    expect(last.records[0]?.execution_id).toBe(id);
  });

  test('formats, cursors, tail', async () => {
    const id = await server.run('core.local', { cmd: 'for i in 1 2 3 4; do echo $i; done; echo é >&2' });
    await server.finished(id);
    using stream = await follow(id);
    await ended(stream);
    const { records } = stream;
    expect(records).toHaveLength(5);
    const json = await server.request('GET', `/api/v1/executions/${id}/output?format=json`);
    expect(json.json).toEqual(records);
    const ndjson = (await server.output(id, '?format=ndjson')).trimEnd().split('\n');
    expect(ndjson.map((line) => JSON.parse(line))).toEqual(records);
    const textAfter = (seq: number) => records.flatMap((record) => (record.seq > seq ? [record.data] : [])).join('');
    expect(await server.output(id, '?since=3')).toBe(textAfter(3));
    expect(await server.output(id, '?tail=2')).toBe(textAfter(3));
    expect(await server.output(id, '?tail=99')).toBe(textAfter(0));
    expect(await server.output(id, '?since=99&format=json')).toBe('[]');
    expect(await server.output(id, '?format=raw&output_type=stdout')).toBe('1\n2\n3\n4\n');
    expect((await server.request('GET', `/api/v1/executions/${id}/output?format=raw`)).status).toBe(400);
    expect((await server.request('GET', `/api/v1/executions/${id}/output?format=tea`)).status).toBe(400);
    expect((await server.request('GET', `/api/v1/executions/${id}/output?tail=0`)).status).toBe(400);
    // Keys that StackStorm's controller has and its router ignores.
    expect(await server.output(id, '?output_format=raw&existing_only=true')).toBe(textAfter(0));
  });
});

describe('clients of HTTP/1.0', () => {
  test('get an unchunked stream that ends with the connection', async () => {
    const id = await server.run('core.local', { cmd: 'echo one; sleep 0.3; echo two' });
    const answer = await within('the end', 10_000, rawRequest(`/stream/v1/executions/${id}/output`));
    const [head = '', body = ''] = [
      answer.slice(0, answer.indexOf('\r\n\r\n')),
      answer.slice(answer.indexOf('\r\n\r\n') + 4),
    ];
    expect(head).toMatch(/^HTTP\/1\.[01] 200 /);
    expect(head).not.toMatch(/transfer-encoding: chunked/i);
    expect(body.replace(/^\n+/, '')).toMatch(/^event: st2\.execution\.output__create\nid: 1\ndata: \{/);
    expect(body.endsWith("event: EOF\ndata: ''\n\n")).toBe(true);
    const texts = [...body.matchAll(/^data: (\{.*)$/gm)].map((match) => JSON.parse(match[1] ?? '').data);
    expect(texts.join('')).toBe('one\ntwo\n');
    expect(await within('the end', 5_000, rawRequest(`/api/v1/executions/${id}/stdout`))).toMatch(
      /\r\n\r\none\ntwo\n$/,
    );
  });
});

/** Sends a request as HTTP/1.0 and reads to the end of the connection. */
function rawRequest(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname, () =>
      socket.write(`GET ${path} HTTP/1.0\r\nSt2-Api-Key: ${server.apiKey}\r\n\r\n`),
    );
    let text = '';
    socket.setEncoding('utf8').on('data', (piece) => {
      text += piece;
    });
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
}

describe('credentials', () => {
  test('each of the five ways opens path 2 and path 3; a wrong one does not', async () => {
    const id = await server.run('core.local', { cmd: 'echo one' });
    const password = /password {2}(\S+)/.exec(server.stdout)?.[1] ?? '';
    const basic = { Authorization: `Basic ${Buffer.from(`st2admin:${password}`).toString('base64')}` };
    const { token } = (await server.request('POST', '/auth/v1/tokens', {}, basic)).json;
    const { apiKey } = server;
    const ways: { query: string; headers: Record<string, string> }[] = [
      { query: '', headers: { 'X-Auth-Token': token } },
      { query: '', headers: { 'St2-Api-Key': apiKey } },
      { query: `x-auth-token=${token}`, headers: {} },
      { query: `st2-api-key=${apiKey}`, headers: {} },
      { query: '', headers: { Cookie: `auth-token=${token}` } },
    ];
    for (const { query, headers } of ways) {
      const name = query + Object.keys(headers).join();
      using one = await EventStream.open(`${server.url}/stream/v1/executions/${id}/output?${query}`, { headers });
      expect(await ended(one), name).toBe('end');
      expect(one.data, name).toBe('one\n');
      using all = await EventStream.open(`${server.url}/stream/v1/stream?${query}`, { headers });
      await all.waitFor(`the first byte (${name})`, ({ text }) => text === '\n');
      const [badQuery, badHeaders] = [
        query.replace(/=.{4}/, '=beef'),
        Object.fromEntries(
          Object.entries(headers).map(([key, value]) => [key, value.replace(token, 'x').replace(apiKey, 'x')]),
        ),
      ];
      const bad = EventStream.open(`${server.url}/stream/v1/stream?${badQuery}`, { headers: badHeaders });
      await expect(bad, name).rejects.toMatchObject({ status: 401 });
    }
    // A token in the query or header is given back as a cookie, for the browser's EventSource.
    using withCookie = await EventStream.open(`${server.url}/stream/v1/stream?x-auth-token=${token}`);
    expect(withCookie.response.headers['set-cookie']?.join()).toMatch(/auth-token=.*HttpOnly/i);
    expect(server.stderr).not.toContain(token);
  });
});
