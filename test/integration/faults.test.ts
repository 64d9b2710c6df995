/** The world breaks: no room on the disk, children killed behind our back, what forks processes for the server killed. */
import { readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { processesOf, signalQuietly } from '../support/server-process.ts';
import { startServer } from '../support/server.ts';
import { fillDisk, leaveOut, smallDisk } from '../support/server-small-disk.ts';
import { until, within } from '../support/server-wait.ts';
import { EventStream } from '../support/sse.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const isRoot = process.getuid?.() === 0;
const noRoot = 'only root can mount a small disk';

describe.concurrent('the disk is full', () => {
  test('because of an action: it is stopped, says why, what is lost is marked; the server and later executions work', async (context) => {
    if (!isRoot) return leaveOut(context, noRoot);
    await using directory = await temporaryDirectory();
    await using disk = await smallDisk(directory.path, '48m');
    await using server = await startServer({ home: join(disk.path, 'home') });
    const headers = { 'St2-Api-Key': server.apiKey };
    const quiet = await server.run('core.local', { cmd: 'echo before; sleep 600', timeout: 600 });
    const id = await server.run('core.local', { cmd: 'yes', timeout: 600 });
    using stream = await EventStream.open(`${server.url}/stream/v1/executions/${id}/output?end=true`, {
      headers,
      onFrame: () => {},
    });
    const finished = await server.finished(id, 30_000);
    expect(finished['status']).toBe('failed');
    expect(finished['result'].error ?? finished['result'].stderr).toMatch(/disk .*full|No space left/);
    expect(processesOf(id)).toEqual([]);
    // Nobody can say how much an action could not write.
    expect(finished['output'].lost_bytes).toBe(-1);
    expect(finished['output'].bytes).toBeGreaterThan(1_000_000);
    expect(await within('EOF', 20_000, stream.closed)).toBe('end');
    const last = await server.output(id, `?format=ndjson&since=${finished['output'].records - 1}`);
    expect(JSON.parse(last)).toMatchObject({ lost_bytes: -1, data: '', seq: finished['output'].records });

    // Still full, and yet it answers, and one can end what runs.
    expect((await server.request('GET', '/api/v1/status')).status).toBe(200);
    await server.request('DELETE', `/api/v1/executions/${quiet}`);
    expect(await server.finished(quiet)).toMatchObject({ status: 'canceled' });

    for (const name of outputFilesOf(server.home, id)) rmSync(name);
    await until('there is room', () => freeBytes(disk.path) > 16_000_000);
    const small = await server.run('core.local', { cmd: 'echo small' });
    expect(await server.finished(small)).toMatchObject({ status: 'succeeded', result: { stdout: 'small' } });
    await server.kill();
    const second = await server.again();
    expect(await second.execution(id)).toMatchObject({ status: 'failed' });
    expect(await second.finished(await second.run('core.noop'))).toMatchObject({ status: 'succeeded' });
  }, 60_000);

  test('because of somebody else: requests are refused or kept, never lost; everything goes on when there is room', async (context) => {
    if (!isRoot) return leaveOut(context, noRoot);
    await using directory = await temporaryDirectory();
    await using disk = await smallDisk(directory.path, '48m');
    await using server = await startServer({ home: join(disk.path, 'home') });
    const running = await server.run('core.local', { cmd: 'echo one; sleep 1.5; echo two' });
    await until('its first line', async () => (await server.output(running)) === 'one\n');
    const fill = join(disk.path, 'fill');
    fillDisk(fill);
    // The server gives its reserve back; that goes too.
    await until('the reserve was given back', () => !readdirSync(server.home).includes('reserve'));
    fillDisk(fill);
    const accepted: string[] = [];
    for (let i = 0; i < 20; i++) {
      const answer = await server.request('POST', '/api/v1/executions', { action: 'core.noop' });
      if (answer.status === 201) accepted.push(answer.json['id']);
      else {
        expect(answer.status).toBeGreaterThanOrEqual(500);
        expect(answer.json['faultstring']).toMatch(/no room|full/i);
      }
    }
    expect((await server.request('GET', '/api/v1/status')).status).toBe(200);
    await until('the action is over', () => processesOf(running).length === 0, 10_000);
    rmSync(fill);
    for (const id of accepted) expect(await server.finished(id, 20_000)).toMatchObject({ status: 'succeeded' });
    const finished = await server.finished(running, 20_000);
    // It may have lost its last line; then it says so.
    if (finished['status'] === 'succeeded' && finished['output'].lost_bytes === 0)
      expect(finished['result'].stdout).toBe('one\ntwo');
    else expect(finished['output'].lost_bytes).not.toBe(0);
    const id = await server.run('core.local', { cmd: 'echo fine' });
    expect(await server.finished(id, 20_000)).toMatchObject({ status: 'succeeded', result: { stdout: 'fine' } });
    await until('the reserve is taken again', () => readdirSync(server.home).includes('reserve'));
  }, 60_000);
});

describe.concurrent('processes killed behind our back', () => {
  test('the command: failed, with the signal', async () => {
    await using server = await startServer();
    const id = await server.run('core.local', { cmd: 'echo one; exec sleep 600' });
    const [command] = await until('the command', () => {
      const found = processesOf(id).filter((each) => each.command.startsWith('sleep 600'));
      return found.length > 0 && found;
    });
    signalQuietly(command?.pid ?? 0, 'SIGKILL');
    expect(await server.finished(id)).toMatchObject({
      status: 'failed',
      result: { return_code: -9, signal: 'SIGKILL', stdout: 'one' },
    });
  });

  test('the whole group, its leading shell too: failed within seconds, nothing is left', async () => {
    await using server = await startServer();
    const id = await server.run('core.local', { cmd: 'echo one; sleep 600' });
    await until('its first line', async () => (await server.output(id)) === 'one\n');
    for (const { pid } of processesOf(id)) signalQuietly(-pid, 'SIGKILL');
    const finished = await server.finished(id, 5_000);
    expect(finished).toMatchObject({ status: 'failed', result: { return_code: -9, stdout: 'one' } });
    expect(processesOf(id)).toEqual([]);
  });

  test('only the leading shell: the end of the command is the end, or it is stopped; nothing is left', async () => {
    await using server = await startServer();
    const id = await server.run('core.local', { cmd: 'echo one; sleep 600' });
    await until('its first line', async () => (await server.output(id)) === 'one\n');
    const leader = processesOf(id).find(({ command }) => command.includes('stormtail-slots'));
    signalQuietly(leader?.pid ?? 0, 'SIGKILL');
    const finished = await server.finished(id, 5_000);
    expect(finished['status']).toBe('failed');
    await until('nothing is left', () => processesOf(id).length === 0);
  });

  test('what forks for the server: what runs goes on, and what is asked for in that very moment starts, once', async () => {
    await using server = await startServer();
    const log = join(server.home, 'started');
    const id = await server.run('core.local', { cmd: 'echo one; sleep 1; echo two' });
    await until('its first line', async () => (await server.output(id)) === 'one\n');
    const ids: string[] = [];
    for (let round = 0; round < 10; round++) {
      const asked = [0, 1, 2].map(() => server.run('core.local', { cmd: `echo $ST2_ACTION_EXECUTION_ID >> ${log}` }));
      // Before, while or after the server hands them over, which it does with the answer or a little later.
      if (round % 2 === 0) await Promise.race(asked);
      for (const pid of childrenOf(server.pid)) signalQuietly(pid, 'SIGKILL');
      ids.push(...(await Promise.all(asked)));
    }
    for (const each of ids) expect(await server.finished(each)).toMatchObject({ status: 'succeeded' });
    expect(readFileSync(log, 'utf8').trim().split('\n').sort()).toEqual([...ids].sort());
    expect(await server.finished(id)).toMatchObject({ status: 'succeeded', result: { stdout: 'one\ntwo' } });
  });
});

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

function outputFilesOf(home: string, id: string): string[] {
  return readdirSync(join(home, 'output'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.includes(id))
    .map((entry) => join(entry.parentPath, entry.name));
}
