/** The general stream (path 3): filters, ends, order, resuming. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestServer, startServer } from '../support/server.ts';
import { residentBytes } from '../support/server-process.ts';
import { until, within } from '../support/server-wait.ts';
import { EventStream, outputEvent } from '../support/sse.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer({ config: '[stream]\nheartbeat = 0.3\n' });
});

afterAll(() => server[Symbol.asyncDispose]());

const update = 'st2.execution__update';
const listen = (query = '', headers = {}) =>
  EventStream.open(`${server.url}/stream/v1/stream${query}`, { headers: { 'St2-Api-Key': server.apiKey, ...headers } });
const ended = (stream: EventStream) => within('the end of the stream', 10_000, stream.closed);
const namesOf = (stream: EventStream) => [...new Set(stream.frames.map((frame) => frame.event))].sort();
const bodies = (stream: EventStream, name: string) => stream.events(name).map((frame) => JSON.parse(frame.data));
/** Every event so far has arrived when one that was caused later has. */
async function settled(...streams: EventStream[]): Promise<void> {
  const id = await server.run('core.noop');
  for (const stream of streams) {
    await stream.waitFor('a later event', () => stream.frames.some((frame) => frame.data.includes(id)));
  }
}

describe('the default set', () => {
  test('executions, live actions and announcements, without output; the first byte at once, then heartbeats', async () => {
    using stream = await listen();
    await stream.waitFor('the first byte', ({ text }) => text === '\n', 1_000);
    const id = await server.run('core.local', { cmd: 'echo one' });
    await server.run('core.announcement', { message: { text: 'hello' }, route: 'a.b' });
    await server.finished(id);
    await settled(stream);
    expect(namesOf(stream)).toEqual([
      'st2.announcement__a.b',
      'st2.execution__create',
      update,
      'st2.liveaction__create',
      'st2.liveaction__update',
    ]);
    expect(bodies(stream, 'st2.announcement__a.b')[0]).toMatchObject({ payload: { message: { text: 'hello' } } });
    const statuses = bodies(stream, update).filter((body) => body.id === id);
    expect(statuses.map((body) => body.status)).toEqual(['scheduled', 'running', 'succeeded']);
    expect(statuses.at(-1)).toEqual((await server.request('GET', `/api/v1/executions/${id}`)).json);
    expect(bodies(stream, 'st2.execution__create').find((body) => body.id === id)).toMatchObject({
      status: 'requested',
      context: { user: expect.any(String) },
    });
    const live = bodies(stream, 'st2.liveaction__update').filter((body) => body.context.pack === 'core');
    expect(live.every((body) => body.action.includes('.') && typeof body.result === 'string')).toBe(true);
    const before = stream.heartbeats;
    await stream.waitFor('two heartbeats', ({ heartbeats }) => heartbeats >= before + 2);
  });

  test('a busy system does not starve the heartbeats of a filtered client', async () => {
    using stream = await listen(`?events=st2.execution__delete`);
    const id = await server.run('core.local', { cmd: 'for i in $(seq 100); do echo $i; sleep 0.01; done' });
    await stream.waitFor('heartbeats', ({ heartbeats }) => heartbeats >= 3);
    await server.finished(id);
    expect(stream.frames).toEqual([]);
  });
});

describe('filters', () => {
  test('events: names and globs', async () => {
    const streams = await Promise.all(
      [
        'st2.execution.output__create',
        'st2.execution__*',
        '*__create',
        'st2.liveaction__updat?',
        'st2.[el]*__[!u]*',
        'ST2.EXECUTION__UPDATE',
        'nothing',
        ' st2.execution__update , ,st2.execution__create',
        // Made to take for ever.
        `${'*[!b]*t'.repeat(500)}b`,
      ].map((events) => listen(`?events=${encodeURIComponent(events)}`)),
    );
    using witness = await listen();
    const id = await server.run('core.local', { cmd: 'echo one; sleep 0.1; echo two' });
    await server.finished(id);
    await settled(witness);
    const names = await Promise.all(streams.map(async (stream) => namesOf(stream)));
    expect(names).toEqual([
      ['st2.execution.output__create'],
      ['st2.execution__create', update],
      ['st2.execution.output__create', 'st2.execution__create', 'st2.liveaction__create'],
      ['st2.liveaction__update'],
      ['st2.execution.output__create', 'st2.execution__create', 'st2.liveaction__create'],
      [],
      [],
      ['st2.execution__create', update],
      [],
    ]);
    expect(streams[0]?.data).toBe('one\ntwo\n');
    for (const stream of streams) stream[Symbol.dispose]();
  });

  test('action_refs: what has no action is dropped', async () => {
    using stream = await listen(`?events=*&action_refs=core.noop,core.uuid`);
    const other = await server.run('core.local', { cmd: 'echo one' });
    await server.run('core.announcement', { message: {} });
    await server.finished(other);
    await settled(stream);
    await stream.waitFor('an update', () => bodies(stream, update).length > 0);
    const actions = bodies(stream, update).map((body) => body.action.ref);
    expect(new Set(actions)).toEqual(new Set(['core.noop']));
    expect(stream.frames.some((frame) => frame.event.startsWith('st2.announcement'))).toBe(false);
    expect(stream.records).toEqual([]);
  });

  test('execution_ids: only executions and output of these', async () => {
    const gate = `${server.home}/gate-ids`;
    const cmd = `until [ -e ${gate} ]; do sleep 0.02; done; echo $ST2_ACTION_EXECUTION_ID`;
    const ids = [await server.run('core.local', { cmd }), await server.run('core.local', { cmd })];
    const other = await server.run('core.local', { cmd });
    using stream = await listen(`?events=*&execution_ids=${ids.join()}`);
    await writeFile(gate, '');
    for (const id of [...ids, other]) await server.finished(id);
    await stream.waitFor(
      'both ends',
      () => bodies(stream, update).filter((body) => body.status === 'succeeded').length === 2,
    );
    expect(namesOf(stream)).toEqual([outputEvent, update]);
    expect(bodies(stream, update).every((body) => ids.includes(body.id))).toBe(true);
    expect(stream.records.map((record) => record.data).sort()).toEqual(ids.map((id) => `${id}\n`).sort());
  });

  test('exclude_attributes=result leaves results out', async () => {
    using stream = await listen('?exclude_attributes=result');
    const id = await server.run('core.local', { cmd: 'echo one' });
    await stream.waitFor('the end', () =>
      bodies(stream, update).some((body) => body.id === id && body.status === 'succeeded'),
    );
    expect(bodies(stream, update).every((body) => !('result' in body))).toBe(true);
  });
});

describe('an end', () => {
  const endQuery = (id: string, more = '') => `?end_event=${update}&end_execution_id=${id}${more}`;
  const withOutput = `&events=${update},${outputEvent}`;

  test('comes after the completed event, and after all output', async () => {
    for (let round = 0; round < 20; round++) {
      const id = await server.run('core.local', { cmd: 'for i in $(seq 50); do echo $i; done; printf end' });
      using stream = await listen(endQuery(id, withOutput));
      expect(await ended(stream)).toBe('end');
      const last = stream.frames.at(-1);
      expect(last?.event).toBe(update);
      expect(JSON.parse(last?.data ?? '')).toMatchObject({ id, status: 'succeeded', context: {} });
      const own = stream.records.filter((record) => record.execution_id === id);
      // Just requested: everything, from the first record, once.
      expect(own.map((record) => record.data).join('')).toBe(await server.output(id));
      expect(own.map((record) => record.seq)).toEqual(own.map((_, at) => at + 1));
      expect(stream.events('EOF')).toEqual([]);
      expect(stream.frames.every((frame) => frame.event === update || frame.event === outputEvent)).toBe(true);
    }
  });

  test('comes at once where the execution was completed before', async () => {
    const id = await server.run('core.local', { cmd: 'echo one' });
    await server.finished(id);
    using stream = await listen(endQuery(id));
    expect(await within('the end', 2_000, stream.closed)).toBe('end');
    expect(JSON.parse(stream.frames.at(-1)?.data ?? '')).toMatchObject({ id, status: 'succeeded' });
  });

  test('comes without the event where the filters drop it', async () => {
    const id = await server.run('core.local', { cmd: 'sleep 0.3' });
    using stream = await listen(`${endQuery(id)}&events=st2.announcement__*`);
    expect(await ended(stream)).toBe('end');
    expect(stream.frames).toEqual([]);
  });

  test('needs both parameters and the completed status; another event or execution does not end it', async () => {
    const id = await server.run('core.local', { cmd: 'sleep 0.2' });
    const streams = [
      await listen(`?end_event=${update}`),
      await listen(`?end_execution_id=${id}`),
      await listen(`?end_event=st2.execution__create&end_execution_id=${id}`),
    ];
    using other = await listen(endQuery(id));
    expect(await ended(other)).toBe('end');
    await settled(...streams);
    for (const stream of streams) {
      expect(stream.isClosed).toBe(false);
      stream[Symbol.dispose]();
    }
  });

  test('of executions that fail, are canceled, or have no process', async () => {
    const failing = await server.run('core.local', { cmd: 'echo oops; exit 2' });
    const noop = await server.run('core.noop');
    const canceled = await server.run('core.local', { cmd: 'sleep 60' });
    const streams = await Promise.all([failing, noop, canceled].map((id) => listen(endQuery(id, withOutput))));
    await server.request('DELETE', `/api/v1/executions/${canceled}`);
    expect(await Promise.all(streams.map(ended))).toEqual(['end', 'end', 'end']);
    const statuses = streams.map((stream) => JSON.parse(stream.frames.at(-1)?.data ?? '').status);
    expect(statuses).toEqual(['failed', 'succeeded', 'canceled']);
  });
});

describe('what came before', () => {
  test('a late client gets only what is new', async () => {
    const gate = `${server.home}/gate-late`;
    const id = await server.run('core.local', { cmd: `echo one; until [ -e ${gate} ]; do sleep 0.02; done; echo two` });
    await until('the first line', async () => (await server.output(id)) === 'one\n');
    using stream = await listen(`?events=${outputEvent}`);
    using named = await listen(`?events=${outputEvent}&execution_ids=${id}`);
    await Promise.all([stream, named].map((each) => each.waitFor('the first byte', ({ text }) => text === '\n')));
    await writeFile(gate, '');
    for (const each of [stream, named]) await each.waitFor('the new line', ({ data }) => data === 'two\n');
  });

  test('Last-Event-ID continues where the client was, whatever happened meanwhile', async () => {
    const query = `?events=${update},${outputEvent}`;
    let stream = await listen(query);
    const id = await server.run('core.local', { cmd: 'for i in $(seq 60); do echo line $i; sleep 0.03; done' });
    const texts: string[] = [];
    for (const step of [10, 25, 40]) {
      await stream.waitFor(`line ${step}`, ({ data }) => data.includes(`line ${step}\n`));
      texts.push(stream.data);
      const { lastId } = stream;
      stream[Symbol.dispose]();
      // While nobody is connected, more is printed.
      await until('more output', async () => (await server.output(id)).includes(`line ${step + 5}\n`));
      stream = await listen(query, { 'Last-Event-ID': lastId });
    }
    await stream.waitFor('the end', () =>
      bodies(stream, update).some((body) => body.id === id && body.status === 'succeeded'),
    );
    texts.push(stream.data);
    stream[Symbol.dispose]();
    expect(texts.join('')).toBe(await server.output(id));
  });

  test('two clients of one execution have positions of their own', async () => {
    const id = await server.run('core.local', { cmd: 'for i in $(seq 40); do echo line $i; sleep 0.03; done' });
    const query = `?events=${outputEvent}&execution_ids=${id}`;
    const streams = await Promise.all([listen(query), listen(query), listen(query)]);
    for (const stream of streams) await stream.waitFor('10 lines', ({ records }) => records.length >= 10);
    const resumed = await Promise.all(
      streams.map(async (stream) => {
        const { lastId, data } = stream;
        stream[Symbol.dispose]();
        return { data, next: await listen(query, { 'Last-Event-ID': lastId }) };
      }),
    );
    for (const { data, next } of resumed) {
      await next.waitFor('the last line', (stream) => stream.data.includes('line 40\n'));
      const whole = await server.output(id);
      expect(whole.endsWith(data + next.data)).toBe(true);
      next[Symbol.dispose]();
    }
  });
});

describe('more than a client takes', () => {
  test('a client of all output gets every record of a flood as long as it reads', async () => {
    const query = `?events=${update},${outputEvent}`;
    let bytes = 0;
    let seq = 0;
    let gaps = 0;
    let isOver = false;
    const id = await server.run('core.local', { cmd: 'sleep 0.5; seq 3000000' });
    using stream = await EventStream.open(`${server.url}/stream/v1/stream${query}`, {
      headers: { 'St2-Api-Key': server.apiKey },
      onFrame: (frame) => {
        const body = JSON.parse(frame.data);
        if (frame.event === outputEvent && body.execution_id === id) {
          if (body.seq !== seq + 1) gaps += 1;
          seq = body.seq;
          bytes += Buffer.byteLength(body.data);
        } else if (body.id === id) isOver = body.status === 'succeeded';
      },
    });
    const ended = await Promise.race([
      until('the end of the execution', () => isOver, 15_000).then(() => 'all'),
      stream.closed,
    ]);
    const { output } = await server.finished(id);
    expect({ ended, gaps, bytes, seq }).toEqual({ ended: 'all', gaps: 0, bytes: output.bytes, seq: output.records });
  });

  test('a client that stops reading holds nobody up, and gets the rest when it reads again', async () => {
    const last = { seq: 0, status: '' };
    let gaps = 0;
    let bytes = 0;
    let id = '';
    using stalled = await EventStream.open(`${server.url}/stream/v1/stream?events=*`, {
      headers: { 'St2-Api-Key': server.apiKey },
      stallAfterBytes: 1,
      onFrame: (frame) => {
        const body = JSON.parse(frame.data);
        if (frame.event === outputEvent && body.execution_id === id) {
          // Nothing of its output comes after its end.
          if (body.seq !== last.seq + 1 || last.status === 'succeeded') gaps += 1;
          last.seq = body.seq;
          bytes += Buffer.byteLength(body.data);
        } else if (frame.event === update && body.id === id) last.status = body.status;
      },
    });
    using other = await listen(`?events=${update}`);
    const idle = residentBytes(server.pid);
    id = await server.run('core.local', { cmd: 'yes | head -c 120000000' });
    const finished = await server.finished(id, 20_000);
    await other.waitFor('the end', () => bodies(other, update).some((body) => body.status === 'succeeded'));
    await server.finished(await server.run('core.noop'));
    expect(last.status).toBe('');
    stalled.resume();
    await until('the end, for the stalled one', () => last.status === 'succeeded', 30_000);
    expect({ gaps, bytes, seq: last.seq }).toEqual({ gaps: 0, bytes: 120_000_000, seq: finished['output'].records });
    expect(stalled.isClosed).toBe(false);
    expect(residentBytes(server.pid) - idle).toBeLessThan(100 * 1024 * 1024);
  });

  test('clients that hang up at once leave nobody behind', async () => {
    const id = await server.run('core.local', { cmd: 'sleep 60' });
    await server.reached(id, 'running');
    const paths = [
      `/stream/v1/executions/${id}/output`,
      `/api/v1/executions/${id}/stdout`,
      `/stream/v1/stream?events=*&execution_ids=${id}`,
    ];
    const { hostname, port } = new URL(server.url);
    await Promise.all(
      Array.from({ length: 150 }, async (_, at) => {
        const socket = connect(Number(port), hostname);
        socket.on('error', () => {}); // the server may be faster
        await once(socket, 'connect');
        socket.write(`GET ${paths[at % 3]} HTTP/1.1\r\nHost: x\r\nSt2-Api-Key: ${server.apiKey}\r\n\r\n`, () =>
          socket.destroy(),
        );
        await once(socket, 'close');
      }),
    );
    // Every request was taken when one that came later is answered; each leaves in its own time.
    await until('no readers', async () => (await server.request('GET', '/api/v1/status')).json['readers'] === 0);
    await server.request('DELETE', `/api/v1/executions/${id}`);
    await server.finished(id);
  });
});

test('addresses in events are those of the API', async () => {
  using stream = await listen();
  const id = await server.run('core.noop');
  await stream.waitFor('the end', () =>
    bodies(stream, update).some((body) => body.id === id && body.status === 'succeeded'),
  );
  const event = bodies(stream, update).find((body) => body.id === id);
  expect(event.web_url).toBe(`${server.url}/#/history/${id}/general`);
});
