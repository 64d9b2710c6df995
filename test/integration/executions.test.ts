/**
 * From request to result with real processes: the exact text of any output on every path, cancel and timeout that leave
 * no process, many at once.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processesOf, processesWith, signalQuietly } from '../support/server-process.ts';
import { type Json, type TestServer, startServer } from '../support/server.ts';
import { forEachConcurrently, until, within } from '../support/server-wait.ts';
import { floodWithStalledReader } from '../support/server-flood.ts';
import { digest, textOnAllPaths } from '../support/server-paths.ts';
import { EventStream } from '../support/sse.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer({
    config: '[stormtail]\naction_kill_grace_ms = 300\nresult_bytes_max = 100000\n',
  });
});

afterAll(() => server[Symbol.asyncDispose]());

const credentials = () => ({ 'St2-Api-Key': server.apiKey });
const follow = (id: string, query = '') =>
  EventStream.open(`${server.url}/stream/v1/executions/${id}/output${query}`, { headers: credentials() });
const cancel = (id: string) => server.request('DELETE', `/api/v1/executions/${id}`);

describe('text', () => {
  test.each([
    ['invalid UTF-8 becomes U+FFFD', `printf 'a\\377b\\xc3\\n\\xe2\\x82'`, 'a\ufffdb\ufffd\n\ufffd'],
    [
      'a character split across two writes is whole',
      `printf '\\xe2\\x82'; sleep 0.25; printf '\\xac \\xf0\\x9f'; sleep 0.25; printf '\\x98\\x80\\n'`,
      '€ 😀\n',
    ],
    ['no line end at the end', `printf 'one\\ntwo'`, 'one\ntwo'],
    ['blank lines are kept', `printf '\\n\\n\\none\\n\\n'`, '\n\n\none\n\n'],
    [
      'carriage returns are kept',
      `for i in 10 50 100; do printf "\\r$i%%"; sleep 0.12; done; echo`,
      '\r10%\r50%\r100%\n',
    ],
    ['Windows line ends are kept', `printf 'one\\r\\ntwo\\r'; sleep 0.2; printf '\\n'`, 'one\r\ntwo\r\n'],
    [
      'colours and separators of JavaScript are kept',
      `printf '\\033[31mred\\033[0m \\xe2\\x80\\xa8 \\xc2\\x85 \\000 end\\n'`,
      '\u001b[31mred\u001b[0m \u2028 \u0085 \0 end\n',
    ],
    ['nothing at all', 'true', ''],
  ])('%s', async (_, cmd, expected) => {
    const { text, finished } = await textOnAllPaths(server, cmd);
    expect(text).toBe(expected);
    expect(finished['status']).toBe('succeeded');
    expect(finished['output'] ?? { lines: 0 }).toMatchObject({ lines: expected.split('\n').length - 1 });
    // The bytes as they were written are there too.
    const raw = await server.output(finished['id'], '?format=raw&output_type=stdout');
    expect(raw).toBe(expected);
  });

  test('a bar that rewrites its line is seen while it moves', async () => {
    const id = await server.run('core.local', { cmd: 'for i in 1 2 3 4; do printf "\\r$i"; sleep 0.25; done' });
    using stream = await follow(id);
    await within('the end', 5_000, stream.closed);
    const times = stream.events('st2.execution.output__create').map((frame) => frame.atMs);
    expect(stream.data).toBe('\r1\r2\r3\r4');
    expect(times.length).toBeGreaterThanOrEqual(4);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(500);
  });

  test('a line of 10 MB', async () => {
    const { text, finished } = await textOnAllPaths(server, `head -c 10000000 /dev/zero | tr '\\0' x; echo end`);
    expect(digest(text)).toBe(digest(`${'x'.repeat(10_000_000)}end\n`));
    expect(finished['output']).toMatchObject({ lines: 1, bytes: 10_000_004, lost_bytes: 0 });
    const { stdout, cut_bytes: cut } = finished['result'];
    expect(stdout.length).toBeLessThan(100_300);
    expect(cut).toEqual({ stdout: expect.any(Number), stderr: 0 });
    expect(cut.stdout).toBeGreaterThan(9_900_000);
    expect(stdout).toContain(`[${cut.stdout} of 10000004 bytes cut out here`);
  });

  test('both streams at once: each in its own order', async () => {
    const { finished } = await textOnAllPaths(server, 'for i in $(seq 300); do echo out $i; echo err $i >&2; done');
    const lines = (name: string) => Array.from({ length: 300 }, (_, i) => `${name} ${i + 1}`).join('\n');
    expect(finished['result']).toMatchObject({ stdout: lines('out'), stderr: lines('err') });
    expect(await server.output(finished['id'], '?output_type=stderr')).toBe(`${lines('err')}\n`);
  });
});

describe('cancel', () => {
  const started = async (cmd: string, parameters: object = {}) => {
    const id = await server.run('core.local', { cmd: `echo ready; ${cmd}`, ...parameters });
    await until('it prints', async () => (await server.output(id)) === 'ready\n');
    return id;
  };
  const gone = (id: string) => expect(processesOf(id)).toEqual([]);

  test('leaves no process of "sleep 600 & sleep 600"', async () => {
    const id = await started('sleep 600 & sleep 600');
    expect(processesOf(id).filter(({ command }) => command.startsWith('sleep 600'))).toHaveLength(2);
    const answer = await cancel(id);
    expect(answer.status).toBe(200);
    expect(answer.json['status']).toBe('canceling');
    const finished = await server.finished(id);
    gone(id);
    expect(finished['status']).toBe('canceled');
    expect(finished['result']).toMatchObject({ message: 'Action canceled by user.', user: expect.any(String) });
    expect(finished['context'].cancelled_by).toBe(finished['result'].user);
    expect(finished['log'].map((entry: Json) => entry['status'])).toEqual([
      'requested',
      'scheduled',
      'running',
      'canceling',
      'canceled',
    ]);
    expect(await server.output(id)).toBe('ready\n');
  });

  test('gives TERM, and shows what is printed on the way out before the end', async () => {
    const id = await started(`trap 'echo bye; exit 0' TERM; sleep 600 & wait`);
    using stream = await follow(id);
    await cancel(id);
    expect(await within('EOF', 5_000, stream.closed)).toBe('end');
    expect(stream.data).toBe('ready\nbye\n');
    expect((await server.finished(id))['status']).toBe('canceled');
    gone(id);
  });

  test('kills what ignores TERM, after the grace', async () => {
    const id = await started(
      `trap '' TERM; (trap '' TERM; while :; do sleep 0.05; done) & while :; do sleep 0.05; done`,
    );
    const before = performance.now();
    await cancel(id);
    const finished = await server.finished(id);
    expect(performance.now() - before).toBeGreaterThan(290);
    expect(finished['status']).toBe('canceled');
    gone(id);
  });

  test('finds what left the group with setsid', async () => {
    const id = await started('setsid sleep 601 & sleep 600');
    await until('it has left', () => processesOf(id).some(({ command }) => command.startsWith('sleep 601')));
    await cancel(id);
    await server.finished(id);
    gone(id);
  });

  test('finds it also where the group itself goes at once, and what it forks in that very moment', async () => {
    const forking = `setsid sh -c "trap '' TERM; echo away; while :; do sleep 0.002; done" & sleep 600`;
    for (let round = 0; round < 10; round++) {
      const id = await server.run('core.local', { cmd: forking });
      await until('it has left', async () => (await server.output(id)) === 'away\n');
      await cancel(id);
      await server.finished(id);
      gone(id);
    }
  });

  test('of what has not begun: at once, and it never begins', async () => {
    const id = await server.run('core.local', { cmd: 'echo never' }, { delay: 60_000 });
    await server.reached(id, 'delayed');
    const answer = await cancel(id);
    expect(answer.json).toMatchObject({ status: 'canceled', result: { message: 'Action canceled by user.' } });
    expect(await server.output(id)).toBe('');
    using stream = await follow(id);
    expect(await within('EOF', 2_000, stream.closed)).toBe('end');
  });

  test('of what has ended is refused with the text clients know; of what was canceled it is answered again', async () => {
    const id = await server.run('core.local', { cmd: 'true' });
    await server.finished(id);
    const answer = await cancel(id);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ faultstring: 'Action cannot be canceled. State = succeeded.' });
    const canceled = await started('sleep 600');
    const answers = await Promise.all([cancel(canceled), cancel(canceled), cancel(canceled)]);
    for (const each of answers) expect(each).toMatchObject({ status: 200, json: { id: canceled } });
    await server.finished(canceled);
    expect((await cancel(canceled)).json).toMatchObject({ id: canceled, status: 'canceled' });
    gone(canceled);
  });

  test('in the moment of the request: it ends canceled or was faster, never anything else, and leaves nothing', async () => {
    await forEachConcurrently(Array.from({ length: 60 }), 10, async (_, index) => {
      const id = await server.run('core.local', { cmd: index % 2 === 0 ? 'sleep 600' : 'echo quick' });
      const answer = await cancel(id);
      const finished = await server.finished(id);
      const wasFaster =
        index % 2 === 1 && answer.json['faultstring'] === 'Action cannot be canceled. State = succeeded.';
      expect(finished['status']).toBe(wasFaster ? 'succeeded' : 'canceled');
      gone(id);
    });
  });
});

describe('timeout', () => {
  test('stops the whole group, keeps what was printed, and says so as StackStorm does', async () => {
    const id = await server.run('core.local', { cmd: `echo one; printf 'par'; sleep 600 & sleep 600`, timeout: 1 });
    using stream = await follow(id);
    const finished = await server.finished(id);
    expect(processesOf(id)).toEqual([]);
    expect(finished).toMatchObject({
      status: 'timeout',
      result: {
        return_code: -9,
        failed: true,
        succeeded: false,
        stdout: 'one\npar',
        error: 'Action failed to complete in 1 seconds',
      },
    });
    expect(finished['elapsed_seconds']).toBeGreaterThan(0.95);
    expect(finished['elapsed_seconds']).toBeLessThan(5);
    await within('EOF', 2_000, stream.closed);
    expect(stream.data).toBe('one\npar');
  });

  test('kills what ignores TERM', async () => {
    const id = await server.run('core.local', {
      cmd: `trap '' TERM; echo one; while :; do sleep 0.1; done`,
      timeout: 1,
    });
    expect(await server.finished(id)).toMatchObject({ status: 'timeout', result: { stdout: 'one' } });
    expect(processesOf(id)).toEqual([]);
  });
});

describe('completion', () => {
  test('does not wait for a background process that holds stdout', async () => {
    const marker = `700.${Math.floor(Math.random() * 1e6)}`;
    const id = await server.run('core.local', { cmd: `sleep ${marker} & echo done` });
    const finished = await server.finished(id, 3_000);
    expect(finished).toMatchObject({ status: 'succeeded', result: { stdout: 'done' } });
    // Left running on purpose: that is what the person asked for with "&".
    const left = processesWith(`sleep ${marker}`);
    expect(left).toHaveLength(1);
    for (const { pid } of left) signalQuietly(pid, 'SIGKILL');
  });

  test('the output of a fast writer is whole when the end is told', async () => {
    await forEachConcurrently(Array.from({ length: 30 }), 6, async () => {
      const id = await server.run('core.local', { cmd: 'seq 20000; printf end' });
      using stream = await follow(id);
      await within('EOF', 15_000, stream.closed);
      // Asked in the very moment of the end: nothing may come later.
      const text = await server.output(id);
      expect(text.endsWith('\n20000\nend')).toBe(true);
      expect(digest(stream.data)).toBe(digest(text));
    });
  });
});

describe('a request that waits', () => {
  const request = (cmd: string, query: string) =>
    server.request('POST', `/api/v1/executions${query}`, { action: 'core.local', parameters: { cmd } });

  test('is answered with the result at the end', async () => {
    const { status, json } = await request('sleep 0.3; echo done; exit 3', '?wait=20');
    expect(status).toBe(201);
    expect(json).toMatchObject({ status: 'failed', result: { stdout: 'done', return_code: 3 } });
    expect(json['id']).toMatch(/^[0-9a-f]{24}$/);
  });

  test('is answered without one when its time is over, and the execution goes on', async () => {
    const { status, json } = await request('sleep 3; echo done', '?wait=1');
    expect(status).toBe(201);
    expect(json).toMatchObject({ status: 'running' });
    expect(json['result']).toBeUndefined();
    expect(await server.finished(json['id'])).toMatchObject({ status: 'succeeded' });
  });

  test('many at once each get their own', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, (_, at) => request(`echo ${at}`, '?wait=30')));
    expect(answers.map(({ json }) => json['result'].stdout)).toEqual(Array.from({ length: 40 }, (_, at) => at));
  });

  test.each(['-1', '301', 'soon'])('refuses to wait for %s', async (seconds) => {
    const { status, json } = await request('true', `?wait=${seconds}`);
    expect(status).toBe(400);
    expect(json['faultstring']).toMatch(/wait/);
  });
});

describe('a flood', () => {
  test('of 30 MB leaves the memory of the server alone; a reader who stops loses nothing', async () => {
    await floodWithStalledReader(server, 30_000_000);
  }, 60_000);
});

describe('many at once', () => {
  test('200 executions with 60 slots all run, none twice, and never more than 60 together', async () => {
    const log = `${server.home}/many`;
    const cmd = `echo + $ST2_ACTION_EXECUTION_ID >> ${log}; sleep 0.1; echo - >> ${log}`;
    const ids = await Promise.all(Array.from({ length: 200 }, () => server.run('core.local', { cmd })));
    expect(new Set(ids).size).toBe(200);
    const ended = await Promise.all(ids.map((id) => server.finished(id, 30_000)));
    expect(ended.filter(({ status }) => status !== 'succeeded').map(({ result }) => result)).toEqual([]);
    const lines = readFileSync(log, 'utf8').trim().split('\n');
    const begun = lines.filter((line) => line.startsWith('+'));
    expect(begun.map((line) => line.slice(2)).sort()).toEqual([...ids].sort());
    let together = 0;
    let most = 0;
    for (const line of lines) {
      together += line.startsWith('+') ? 1 : -1;
      most = Math.max(most, together);
    }
    expect(most).toBeLessThanOrEqual(60);
  }, 60_000);

  test('delayed ones wait, show as delayed, and begin in their time', async () => {
    const id = await server.run('core.local', { cmd: 'true' }, { delay: 700 });
    await server.reached(id, 'delayed', 500);
    const finished = await server.finished(id);
    const at = (status: string) =>
      Date.parse(finished['log'].find((entry: Json) => entry['status'] === status)['timestamp']);
    expect(at('running') - at('requested')).toBeGreaterThanOrEqual(699);
    expect(at('running') - at('requested')).toBeLessThan(1_500);
    expect(finished['delay']).toBe(700);
  });
});
