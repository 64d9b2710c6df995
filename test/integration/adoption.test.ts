/**
 * The server dies, its actions do not: what a killed or stopped server leaves running is found and finished by the next
 * one, with the output of both times in one piece. Runs for a few seconds each; adoption.slow.test.ts runs for long.
 */
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { processesOf, signalQuietly } from '../support/server-process.ts';
import { type TestServer, startServer } from '../support/server.ts';
import { until, within } from '../support/server-wait.ts';
import { EventStream, outputEvent, type SeenRecord } from '../support/sse.ts';

const credentials = (server: TestServer) => ({ 'St2-Api-Key': server.apiKey });
const path2 = (server: TestServer, id: string, query = '') => `${server.url}/stream/v1/executions/${id}/output${query}`;
const numbers = (count: number) => Array.from({ length: count }, (_, i) => `line ${i + 1}\n`).join('');
const printing = (count: number, end = '') =>
  `for i in $(seq ${count}); do echo line $i; sleep 0.1; done${end === '' ? '' : `; ${end}`}`;

function expectWhole(records: readonly SeenRecord[], text: string): void {
  expect(records.map((record) => record.data).join('')).toBe(text);
  expect(records.map((record) => record.seq)).toEqual(records.map((_, at) => at + 1));
}

describe.concurrent('kill -9 while an action prints every 100 ms', () => {
  test.each([
    ['exit 0', '', 'succeeded', 0],
    ['exit 3', 'exit 3', 'failed', 3],
    ['a signal', 'kill -KILL $$', 'failed', -9],
  ])('it runs on, and ends as it should (%s); followers resume where they were', async (_, end, status, exitCode) => {
    await using first = await startServer();
    const lines = 30;
    const id = await first.run('core.local', { cmd: printing(lines, end) });
    const before = await EventStream.open(path2(first, id), { headers: credentials(first) });
    await before.waitFor('8 lines', (stream) => stream.records.length >= 8);
    await first.kill();
    expect(await within('the stream notices', 5_000, before.closed)).toBe('broken');
    expect(before.events('EOF')).toEqual([]);
    expect(processesOf(id)).not.toEqual([]);

    const second = await first.again();
    const headers = { ...credentials(second), 'Last-Event-ID': before.lastId };
    using resumed = await EventStream.open(path2(second, id), { headers });
    using fresh = await EventStream.open(path2(second, id), { headers: credentials(second) });
    expect(await within('EOF', 15_000, Promise.all([resumed.closed, fresh.closed]))).toEqual(['end', 'end']);
    expect(resumed.frames.at(-1)).toMatchObject({ event: 'EOF' });
    expectWhole([...before.records, ...resumed.records], numbers(lines));
    expectWhole(fresh.records, numbers(lines));
    expect(resumed.records[0]?.seq).toBe(before.records.length + 1);

    const finished = await second.finished(id);
    expect(finished).toMatchObject({ status, result: { return_code: exitCode } });
    expect(finished['output']).toMatchObject({ lines, lost_bytes: 0 });
    expect(await second.output(id)).toBe(numbers(lines));
    expect(finished['result'].stdout).toBe(numbers(lines).trimEnd());
    // It began when it was requested and ended when it ended, whoever watched.
    expect(finished['elapsed_seconds']).toBeGreaterThan(lines * 0.1 - 0.2);
    expect(processesOf(id)).toEqual([]);
  });

  test('a Python action runs on too, and hands over its result', async () => {
    await using first = await startServer();
    const parameters = { count: 30, sleep_delay: 0.1 };
    const id = await first.run('examples.python_runner_print_to_stdout_and_stderr', parameters);
    using before = await EventStream.open(path2(first, id), { headers: credentials(first) });
    await before.waitFor('8 lines', (stream) => stream.records.length >= 8);
    await first.kill();
    const second = await first.again();
    using resumed = await EventStream.open(path2(second, id), {
      headers: { ...credentials(second), 'Last-Event-ID': before.lastId },
    });
    expect(await within('EOF', 15_000, resumed.closed)).toBe('end');
    const records = [...before.records, ...resumed.records];
    expect(records.map((record) => record.seq)).toEqual(records.map((_, at) => at + 1));
    expect(records.map((record) => record.data).join('')).toBe(await second.output(id));
    const finished = await second.finished(id);
    expect(finished).toMatchObject({ status: 'succeeded', result: { exit_code: 0 } });
    expect(finished['output']['lines']).toBeGreaterThanOrEqual(30);
  });

  test('the general stream resumes across it, for named executions', async () => {
    await using first = await startServer();
    const id = await first.run('core.local', { cmd: printing(30) });
    const query = `?events=${outputEvent},st2.execution__update&execution_ids=${id}&end_event=st2.execution__update&end_execution_id=${id}`;
    const url = (server: TestServer) => `${server.url}/stream/v1/stream${query}`;
    using before = await EventStream.open(url(first), { headers: credentials(first) });
    await before.waitFor('8 lines', (stream) => stream.records.length >= 8);
    await first.kill();
    const second = await first.again();
    using resumed = await EventStream.open(url(second), {
      headers: { ...credentials(second), 'Last-Event-ID': before.lastId },
    });
    expect(await within('the end of the stream', 15_000, resumed.closed)).toBe('end');
    expectWhole([...before.records, ...resumed.records], numbers(30));
    expect(JSON.parse(resumed.frames.at(-1)?.data ?? '')).toMatchObject({ id, status: 'succeeded' });
  });
});

describe.concurrent('what the next server finds', () => {
  test('finished while nobody watched: its exit code, all its output, and when it really ended', async () => {
    await using first = await startServer();
    const id = await first.run('core.local', { cmd: 'echo begin; sleep 0.5; echo end; echo oops >&2; exit 4' });
    await until('the first line', async () => (await first.output(id)) === 'begin\n');
    await first.kill();
    await until('the action is over', () => processesOf(id).length === 0);
    const overMs = Date.now();
    const second = await first.again();
    const finished = await second.finished(id);
    expect(finished).toMatchObject({
      status: 'failed',
      result: { return_code: 4, stdout: 'begin\nend', stderr: 'oops' },
    });
    expect(Date.parse(finished['end_timestamp'])).toBeLessThan(overMs + 50);
    expect(await second.output(id, '?output_type=stderr')).toBe('oops\n');
  });

  test('accepted but not begun: it runs then, exactly once', async () => {
    await using first = await startServer();
    const marks = join(first.home, 'marks');
    const id = await first.run('core.local', { cmd: `echo started >> ${marks}` }, { delay: 300 });
    await first.kill();
    const second = await first.again();
    expect(await second.finished(id)).toMatchObject({ status: 'succeeded' });
    expect(readFileSync(marks, 'utf8')).toBe('started\n');
  });

  test('killed right after 201, at any moment of the start: every execution runs, and none twice', async () => {
    await using first = await startServer();
    let server = first;
    const marks = join(server.home, 'marks');
    const ids: string[] = [];
    for (let round = 0; round < 4; round++) {
      const asked = Array.from({ length: 5 }, (_, i) => `${round}.${i}`);
      await Promise.all(
        asked.map(async (name) => {
          // Those that were not answered when the server died may run or not; only the answered ones count.
          const id = await server.run('core.local', { cmd: `echo ${name} >> ${marks}; sleep 0.2` }).catch(() => '');
          if (id !== '') ids.push(id);
        }),
      );
      await server.kill();
      server = await server.again();
    }
    expect(ids.length).toBe(20);
    for (const id of ids) expect(await server.finished(id)).toMatchObject({ id, status: 'succeeded' });
    const ran = readFileSync(marks, 'utf8').trim().split('\n').sort();
    expect(ran).toEqual([...new Set(ran)]);
    expect(ran).toHaveLength(20);
  });

  describe('killed between claim and start', () => {
    /** A server that has claimed an execution, asked its launcher to start it, and was killed before that did. */
    async function killedInBetween(first: TestServer): Promise<{ id: string; launcher: number }> {
      // What can be answered goes by the launcher, not into a slot; for slots see `shell-slots.test.ts`.
      await first.finished(await first.run('core.local', { cmd: 'true', interactive: true }));
      const launcher = childrenOf(first.pid)[0] ?? 0;
      signalQuietly(launcher, 'SIGSTOP');
      const id = await first.run('core.echo', { message: secret, interactive: true });
      await first.reached(id, 'running');
      await until('it was handed over', () => filesWith(first.home, secret).some((path) => path.endsWith('/run')));
      await first.kill();
      return { id, launcher };
    }

    test('and so was the launcher: the next server starts it', async () => {
      await using first = await startServer();
      const { id, launcher } = await killedInBetween(first);
      signalQuietly(launcher, 'SIGKILL');
      const second = await first.again();
      expect(await second.finished(id)).toMatchObject({ status: 'succeeded', result: { stdout: secret } });
    });

    test('and the launcher goes on: the next server adopts it, and leaves nothing of the start on disk', async () => {
      await using first = await startServer();
      const { id, launcher } = await killedInBetween(first);
      signalQuietly(launcher, 'SIGCONT');
      await until('it has run', () => filesWith(first.home, secret).some((path) => path.endsWith('/stdout')));
      const second = await first.again();
      expect(await second.finished(id)).toMatchObject({ status: 'succeeded', result: { stdout: secret } });
      expect(filesWith(second.home, secret).filter((path) => path.endsWith('/run'))).toEqual([]);
    });

    test('and the launcher goes on when the next server has started it: it runs once', async () => {
      await using first = await startServer();
      const { id, launcher } = await killedInBetween(first);
      const second = await first.again();
      signalQuietly(launcher, 'SIGCONT');
      expect(await second.finished(id)).toMatchObject({ status: 'succeeded', result: { stdout: secret } });
      await until('the old launcher is gone', () => !isRunning(launcher));
      expect(await second.output(id)).toBe(`${secret}\n`);
    });
  });

  test('its process is gone and left no exit status: abandoned, with the reason', async () => {
    await using first = await startServer();
    const id = await first.run('core.local', { cmd: 'echo here; sleep 60' });
    await until('its first line', async () => (await first.output(id)) === 'here\n');
    await first.kill();
    // Its leading shell first: it would write down how the command ended.
    for (const { pid } of processesOf(id)) signalQuietly(-pid, 'SIGKILL');
    await until('nothing of it is left', () => processesOf(id).length === 0);
    const second = await first.again();
    const finished = await second.finished(id);
    expect(finished['status']).toBe('abandoned');
    expect(finished['result'].error).toMatch(/process was gone/);
    expect(finished['log'].at(-1)).toMatchObject({ status: 'abandoned', reason: expect.stringMatching(/gone/) });
    expect(await second.output(id)).toBe('here\n');
    using stream = await EventStream.open(path2(second, id), { headers: credentials(second) });
    expect(await within('EOF', 5_000, stream.closed)).toBe('end');
  });

  test('its output cannot be taken in any more: it fails, says so, and its process is stopped', async () => {
    await using first = await startServer();
    const id = await first.run('core.local', { cmd: 'echo here; sleep 60' });
    await until('its first line', async () => (await first.output(id)) === 'here\n');
    await first.kill();
    const index = join(first.home, 'output', id.slice(0, 5), `${id}.index`);
    writeFileSync(index, 'not an index', { flag: 'r+' });
    const second = await first.again();
    const finished = await second.finished(id);
    expect(finished).toMatchObject({ status: 'failed', result: { error: expect.stringContaining('is damaged') } });
    expect(processesOf(id)).toEqual([]);
  });

  test('canceling: the cancel is carried out', async () => {
    await using first = await startServer({ config: '[stormtail]\naction_kill_grace_ms = 30000\n' });
    const cmd = `trap 'echo asked' TERM; echo ready; while :; do sleep 0.05; done`;
    const id = await first.run('core.local', { cmd });
    await until('it is ready', async () => (await first.output(id)) === 'ready\n');
    expect((await first.request('DELETE', `/api/v1/executions/${id}`)).json).toMatchObject({ status: 'canceling' });
    await until('it was asked', async () => (await first.output(id)).includes('asked'));
    await first.kill();
    expect(processesOf(id)).not.toEqual([]);
    const second = await first.again({ STORMTAIL_STORMTAIL_ACTION_KILL_GRACE_MS: '100' });
    expect(await second.finished(id)).toMatchObject({
      status: 'canceled',
      context: { cancelled_by: expect.any(String) },
      result: { message: 'Action canceled by user.' },
    });
    expect(processesOf(id)).toEqual([]);
  });

  test('its time ran out while nobody watched: it is stopped as a timeout', async () => {
    await using first = await startServer();
    const id = await first.run('core.local', { cmd: 'echo here; sleep 60', timeout: 1 });
    await until('its first line', async () => (await first.output(id)) === 'here\n');
    await first.kill();
    const second = await first.again();
    const finished = await second.finished(id);
    expect(finished).toMatchObject({ status: 'timeout', result: { return_code: -9, stdout: 'here' } });
    expect(processesOf(id)).toEqual([]);
  });

  test('it was being stopped for its time was over, and ended so while nobody watched: a timeout', async () => {
    await using first = await startServer();
    // It takes its time to go, and then says that all is well.
    const cmd = `trap 'touch asked; sleep 1; exit 0' TERM; echo here; while :; do sleep 0.1; done`;
    const id = await first.run('core.local', { cmd, cwd: first.home, timeout: 1 });
    await until('it was asked to go', () => existsSync(join(first.home, 'asked')), 20_000);
    await first.kill();
    await until('it is gone', () => processesOf(id).length === 0, 20_000);
    const second = await first.again();
    expect(await second.finished(id)).toMatchObject({ status: 'timeout', result: { return_code: -9, stdout: 'here' } });
  });

  test('the home directory is reached through a link', async () => {
    await using first = await startServer();
    const id = await first.run('core.local', { cmd: 'echo one; sleep 2; echo two' });
    await until('its first line', async () => (await first.output(id)) === 'one\n');
    await first.kill();
    const link = join(first.home, 'itself');
    symlinkSync(first.home, link);
    const second = await first.again({ STORMTAIL_HOME: link });
    expect(await second.finished(id)).toMatchObject({ status: 'succeeded', result: { stdout: 'one\ntwo' } });
    const own = await second.run('core.local', { cmd: 'echo one; sleep 1.2; echo two' });
    expect(await second.finished(own)).toMatchObject({ status: 'succeeded', result: { stdout: 'one\ntwo' } });
  });
});

const secret = 'Tr0ub4dor-and-3';

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false; // gone
  }
}

/** Files of the output directory that hold this text. */
function filesWith(home: string, text: string): string[] {
  return readdirSync(join(home, 'output'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => existsSync(path) && readFileSync(path).includes(text));
}

describe.concurrent('stopping', () => {
  test('SIGTERM takes no new work, waits for what runs, and exits with 0', async () => {
    await using first = await startServer();
    const id = await first.run('core.local', { cmd: printing(10) });
    using stream = await EventStream.open(path2(first, id), { headers: credentials(first) });
    await stream.waitFor('its first line', ({ records }) => records.length > 0);
    first.signal('SIGTERM');
    await until('it says so', () => first.stdout.includes('waiting for 1 running'));
    const late = await first.run('core.local', { cmd: 'echo late' });
    expect(await within('the exit', 10_000, first.exited)).toEqual({ code: 0, signal: null });
    expect(await stream.closed).toBe('end');
    expectWhole(stream.records, numbers(10));
    expect(first.stderr).toBe('');

    const second = await first.again();
    expect(await second.finished(id)).toMatchObject({ status: 'succeeded' });
    expect(await second.finished(late)).toMatchObject({ status: 'succeeded', result: { stdout: 'late' } });
  });

  test('an execution can still be canceled while the server waits for it', async () => {
    await using first = await startServer();
    const id = await first.run('core.local', { cmd: 'echo here; sleep 60' });
    await until('its first line', async () => (await first.output(id)) === 'here\n');
    first.signal('SIGTERM');
    await until('it says so', () => first.stdout.includes('waiting for 1 running'));
    await first.request('DELETE', `/api/v1/executions/${id}`);
    expect(await within('the exit', 5_000, first.exited)).toEqual({ code: 0, signal: null });
    const second = await first.again();
    expect(await second.execution(id)).toMatchObject({ status: 'canceled' });
  });

  test('a second SIGTERM stops at once and leaves the action running for the next start', async () => {
    await using first = await startServer();
    const id = await first.run('core.local', { cmd: printing(30) });
    using before = await EventStream.open(path2(first, id), { headers: credentials(first) });
    await before.waitFor('its first line', ({ records }) => records.length > 0);
    first.signal('SIGTERM');
    await until('it waits', () => first.stdout.includes('stopping'));
    first.signal('SIGTERM');
    expect(await within('the exit', 3_000, first.exited)).toEqual({ code: 0, signal: null });
    expect(processesOf(id)).not.toEqual([]);
    // Not the end: a client may not take it for one.
    expect(before.events('EOF')).toEqual([]);
    const second = await first.again();
    using resumed = await EventStream.open(path2(second, id), {
      headers: { ...credentials(second), 'Last-Event-ID': before.lastId },
    });
    expect(await within('EOF', 10_000, resumed.closed)).toBe('end');
    expectWhole([...before.records, ...resumed.records], numbers(30));
    expect(await second.finished(id)).toMatchObject({ status: 'succeeded' });
  });
});
