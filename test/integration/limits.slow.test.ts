/** The machine says no: no more open files, no more processes, no more memory. Each ends in a true status with a true reason. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ControlGroup, controlGroup } from '../support/control-group.ts';
import { processesOf, processesWith, signalQuietly } from '../support/server-process.ts';
import { type Json, startServer, type TestServer } from '../support/server.ts';
import { leaveOut } from '../support/server-small-disk.ts';
import { until } from '../support/server-wait.ts';

const noGroups = 'control groups can be made by root alone, where they are mounted for writing';

/** Asks again where the server had no room for the request itself. */
async function runPatiently(server: TestServer, cmd: string, more: object = {}): Promise<string> {
  return until(
    'the request is taken',
    async () => {
      try {
        return await server.run('core.local', { cmd, ...more });
      } catch {
        return undefined; // refused, or no connection to be had: neither is an execution
      }
    },
    30_000,
  );
}

async function allEnded(server: TestServer, ids: readonly string[]): Promise<readonly Json[]> {
  return Promise.all(
    ids.map((id) =>
      until(
        `${id} has ended`,
        async () => {
          const execution = await server.execution(id).catch(() => undefined);
          return (
            ['succeeded', 'failed', 'timeout', 'canceled', 'abandoned'].includes(execution?.['status']) && execution
          );
        },
        60_000,
      ),
    ),
  ) as Promise<readonly Json[]>; // false is what is waited on
}

function setOpenFiles(pid: number, limit: number): void {
  execFileSync('prlimit', [`--pid=${pid}`, `--nofile=${limit}:20000`]);
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

const openFiles = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;

/** Without connections: clients keep theirs for a while. */
function filesOf(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/${pid}/fd/${fd}`);
      return target.startsWith('socket:') ? [] : [target];
    } catch {
      return []; // closed while we looked
    }
  });
}

test('no more open files: what cannot be kept fails and says so, nothing is stuck, and all is well when there are some', async () => {
  await using server = await startServer();
  await server.finished(await server.run('core.local', { cmd: 'echo warm' }));
  const files = filesOf(server.pid);
  setOpenFiles(server.pid, openFiles(server.pid) + 12);
  const ids: string[] = [];
  for (let round = 0; round < 30; round++) ids.push(await runPatiently(server, `echo ${round}; sleep 1; echo end`));
  const ended = await allEnded(server, ids);
  for (const [round, execution] of ended.entries()) {
    if (execution['status'] === 'succeeded') expect(execution['result'].stdout).toBe(`${round}\nend`);
    else
      expect(execution).toMatchObject({
        status: 'failed',
        result: { error: expect.stringMatching(/open files|EMFILE/) },
      });
    expect(processesOf(execution['id'])).toEqual([]);
  }
  // It was tight enough to be a test.
  expect(ended.filter(({ status }) => status === 'failed').length).toBeGreaterThan(0);
  setOpenFiles(server.pid, 20_000);
  for (let round = 0; round < 5; round++) {
    const id = await runPatiently(server, `echo again ${round}`);
    expect(await server.finished(id)).toMatchObject({ status: 'succeeded', result: { stdout: `again ${round}` } });
  }
  await until('no file is left open', () => filesOf(server.pid).length <= files.length, 20_000).catch(() => {
    expect(filesOf(server.pid)).toEqual(files); // names what is left
  });
}, 120_000);

test('not one more open file while something runs: it goes on, and so does the server that looks after it', async () => {
  await using server = await startServer();
  await server.finished(await server.run('core.local', { cmd: 'echo warm' }));
  const cmd = 'echo one; while [ ! -e go ]; do sleep 0.1; done; echo two; exit 3';
  const ids: string[] = [];
  for (const more of [{}, {}, { interactive: true }])
    ids.push(await server.run('core.local', { cmd, cwd: server.home, ...more }));
  for (const id of ids) await until('its first line', async () => (await server.output(id)) === 'one\n');
  // All descriptors below are in use, so there is none to be had.
  setOpenFiles(server.pid, 8);
  // Nothing shows from outside that it looked at what runs; it does twice a second.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  setOpenFiles(server.pid, 20_000);
  await server.run('core.local', { cmd: 'touch go', cwd: server.home });
  for (const id of ids)
    expect(await server.finished(id, 30_000)).toMatchObject({
      status: 'failed',
      result: { return_code: 3, stdout: 'one\ntwo' },
    });
}, 60_000);

test('no more processes: what cannot be started fails and says so, what runs goes on, and all is well when there are some', async (context) => {
  const group = controlGroup('pids', 20_000);
  if (!group) return leaveOut(context, noGroups);
  await using processes: ControlGroup = group;
  await using server = await startServer();
  await server.finished(await server.run('core.local', { cmd: 'echo warm' }));
  const running = await server.run('core.local', {
    cmd: 'echo one; while [ ! -e go ]; do read -t 0.1 _; done; echo two',
    cwd: server.home,
  });
  await until('its first line', async () => (await server.output(running)) === 'one\n');
  const members = processesWith(server.home).map(({ pid }) => pid);
  let tasks = 0;
  for (const pid of new Set([server.pid, ...childrenOf(server.pid), ...members])) {
    execFileSync('sh', ['-c', `echo ${pid} > ${processes.procsPath}`]);
    tasks += readdirSync(`/proc/${pid}/task`).length;
  }
  processes.setLimit(tasks + 6);
  const ids: string[] = [];
  for (let round = 0; round < 20; round++) ids.push(await runPatiently(server, `echo ${round}; sleep 1; echo end`));
  const ended = await allEnded(server, ids);
  for (const [round, execution] of ended.entries()) {
    if (execution['status'] === 'succeeded') expect(execution['result'].stdout).toBe(`${round}\nend`);
    // Either it was not started, or its own shell could not go on and said so.
    else
      expect(JSON.stringify(execution['result'])).toMatch(
        /limit of processes|Resource temporarily unavailable|Cannot fork|fork: /i,
      );
    expect(['succeeded', 'failed']).toContain(execution['status']);
    expect(processesOf(execution['id'])).toEqual([]);
  }
  expect(ended.filter(({ status }) => status === 'failed').length).toBeGreaterThan(0);
  processes.setLimit('max');
  for (let round = 0; round < 5; round++) {
    const id = await runPatiently(server, `echo again ${round}`);
    expect(await server.finished(id)).toMatchObject({ status: 'succeeded', result: { stdout: `again ${round}` } });
  }
  await server.run('core.local', { cmd: 'touch go', cwd: server.home });
  expect(await server.finished(running, 30_000)).toMatchObject({ status: 'succeeded', result: { stdout: 'one\ntwo' } });
  await server.kill();
  for (const { pid } of processesWith(server.home)) signalQuietly(pid, 'SIGKILL');
}, 180_000);

describe('an action takes more memory than there is', () => {
  const greedy = 'python3 -c "x = [bytearray(1 << 20) for _ in range(400)]"';

  test('the kernel kills it: failed, by SIGKILL from outside, with the likely reason; the server does not notice', async (context) => {
    const group = controlGroup('memory', 100 << 20);
    if (!group) return leaveOut(context, noGroups);
    await using memory: ControlGroup = group;
    await using server = await startServer();
    const enter = `echo $$ > ${memory.procsPath}`;
    const itself = await server.run('core.local', { cmd: `echo one; ${enter}; exec ${greedy}`, timeout: 600 });
    const child = await server.run('core.local', { cmd: `echo one; ${enter}; ${greedy}; echo rc $?`, timeout: 600 });
    expect(await server.finished(itself, 60_000)).toMatchObject({
      status: 'failed',
      result: {
        failed: true,
        return_code: -9,
        signal: 'SIGKILL',
        stdout: 'one',
        error: 'ended by SIGKILL (somebody killed it, or the system ran out of memory)',
      },
    });
    // Its shell lives on, and says what it saw.
    expect(await server.finished(child, 60_000)).toMatchObject({
      status: 'succeeded',
      result: { return_code: 0, stdout: 'one\nrc 137' },
    });
    expect(readFileSync(memory.procsPath, 'utf8')).toBe('');
    expect(await server.finished(await server.run('core.noop'))).toMatchObject({ status: 'succeeded' });
  }, 120_000);

  test('a Python action: the same', async (context) => {
    const group = controlGroup('memory', 100 << 20);
    if (!group) return leaveOut(context, noGroups);
    await using memory: ControlGroup = group;
    const files = {
      'packs/greedy/pack.yaml':
        'ref: greedy\nname: greedy\ndescription: d\nversion: 1.0.0\nauthor: a\nemail: a@example.org\n',
      'packs/greedy/actions/eat.yaml': 'name: eat\nrunner_type: python-script\nentry_point: eat.py\n',
      'packs/greedy/actions/eat.py': `import os
from st2common.runners.base_action import Action

class Eat(Action):
    def run(self):
        print('one', flush=True)
        with open('${memory.procsPath}', 'w') as procs:
            procs.write(str(os.getpid()))
        return len([bytearray(1 << 20) for _ in range(400)])
`,
    };
    await using server = await startServer({ files });
    expect(await server.finished(await server.run('greedy.eat'), 60_000)).toMatchObject({
      status: 'failed',
      result: { exit_code: -9, stdout: 'one\n', error: expect.stringContaining('ran out of memory') },
    });
  }, 120_000);
});
