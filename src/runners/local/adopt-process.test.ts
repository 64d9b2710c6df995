/** What a later server makes of what an earlier one left: processes, files, and starts that are still under way. */
import { spawn } from 'node:child_process';
import { existsSync, openSync, closeSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileOf, isAlive, marked, optionsIn, planOf, untilTrue } from '../../../test/support/process-trial.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { systemClock } from '../../base/clock.ts';
import type { Adopted, ProcessHandle, ProcessOptions } from '../process.ts';
import { adoptProcess } from './adopt-process.ts';
import { readProcessStatus } from './process-status.ts';
import { runScript } from './run-script.ts';
import { ShellLauncher } from './shell-launcher.ts';
import { prepareDirectory, writeInput, writeOrder } from './start-files.ts';

let home: TemporaryDirectory;
let launcher: ShellLauncher;
const adopted: ProcessHandle[] = [];

beforeEach(async () => {
  home = await temporaryDirectory();
  launcher = new ShellLauncher('/bin/bash', systemClock);
});

afterEach(async () => {
  for (const handle of adopted.splice(0)) {
    handle.stop('cancel', 0);
    await handle.ended;
  }
  launcher[Symbol.dispose]();
  await home[Symbol.asyncDispose]();
});

function adoptedBy(found: Adopted): ProcessHandle {
  if (typeof found === 'string') throw new Error(found);
  adopted.push(found);
  return found;
}

/** An order that is written, as far as a server comes that dies then. */
async function ordered(options: ProcessOptions, command: string, stdin?: string): Promise<string> {
  const plan = planOf(home.path, command, { ...marked(options), ...(stdin !== undefined && { stdin }) });
  prepareDirectory(options);
  const input = { stdin: writeInput(plan, options.directory) };
  return writeOrder(options.directory, runScript(plan, options, plan.environment, input));
}

/** A leader, as a launcher makes one. */
function lead(script: string): Promise<string> {
  return new Promise((resolve) => {
    const shell = spawn('/bin/bash', ['-c', `(. ${script})`], { stdio: ['ignore', 'pipe', 'ignore'] });
    let said = '';
    shell.stdout.on('data', (data) => (said += data));
    shell.once('close', () => resolve(said));
  });
}

describe('without a plan', () => {
  test('a process is taken over by what was written down when it started', async () => {
    const options = optionsIn(home.path);
    const wish = { timeoutMs: 1_234, resultVariable: 'R', resultBytesMax: 3 };
    const plan = planOf(home.path, 'printf 1234 >"$R"; until [ -e go ]; do sleep 0.01; done; exit 4', wish);
    expect((await launcher.start(plan, options)).timeoutMs).toBe(1_234);
    const handle = adoptedBy(adoptProcess(options));
    expect(handle.timeoutMs).toBe(1_234);
    await writeFile(join(home.path, 'go'), '');
    expect(await handle.ended).toMatchObject({ exitCode: 4, timeoutMs: 1_234, resultCut: { bytes: 4, tail: '1234' } });
    // Also when it has ended already.
    expect(await adoptedBy(adoptProcess(options)).ended).toMatchObject({ exitCode: 4, resultCut: { bytes: 4 } });
  });

  test('what was written down holds no secret, and is for the server only', async () => {
    const options = optionsIn(home.path);
    const environment = { PATH: process.env['PATH'] ?? '', SECRET: 'hush' };
    const plan = planOf(home.path, 'true hush', { environment, stdin: 'hush', signalsNeedSudo: true });
    await (await launcher.start(plan, options)).ended;
    const told = /^plan (.*)$/m.exec(fileOf(options, 'status'))?.[1] ?? '';
    expect(JSON.parse(told)).toEqual({ timeoutMs: 60_000, signalsNeedSudo: true });
    expect((await stat(options.directory)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(options.directory)) expect(fileOf(options, name), name).not.toContain('hush');
  });

  test('where nothing was written down, a plan says it; without one it is followed all the same', async () => {
    const options = optionsIn(home.path);
    await (await launcher.start(planOf(home.path, 'exit 6'), options)).ended;
    const path = join(options.directory, 'status');
    await writeFile(path, (await readFile(path, 'utf8')).replace(/^plan .*\n/m, ''));
    expect(adoptedBy(adoptProcess(planOf(home.path, '', { timeoutMs: 7 }), options)).timeoutMs).toBe(7);
    expect(await adoptedBy(adoptProcess(undefined, options)).ended).toMatchObject({ exitCode: 6 });
  });
});

describe('a start that was under way', () => {
  test('and had not begun never will: the order is gone, with its secrets', async () => {
    const options = optionsIn(home.path);
    const script = await ordered(options, 'echo ran', 'secret');
    expect(adoptProcess(options)).toBe('never started');
    expect(await readdir(options.directory)).toEqual(['status']);
    expect(fileOf(options, 'status')).toBe('late\n');
    await lead(script);
    expect(fileOf(options)).toBe('');
  });

  test('of a leader that had read its order but not taken it does nothing; a new start does', async () => {
    const options = optionsIn(home.path);
    const script = await readFile(await ordered(options, 'echo first'), 'utf8');
    expect(adoptProcess(options)).toBe('never started');
    const slow = join(home.path, 'in-memory');
    await writeFile(slow, script);
    await lead(slow);
    expect(fileOf(options, 'status')).toBe('late\n');
    expect(fileOf(options)).toBe('');
    expect(adoptProcess(options)).toBe('never started');
    expect(await (await launcher.start(planOf(home.path, 'echo second'), options)).ended).toMatchObject({
      exitCode: 0,
    });
    expect(fileOf(options)).toBe('second\n');
  });

  test('happens once where a slow leader meets a new start', async () => {
    for (let round = 0; round < 20; round++) {
      const options = optionsIn(home.path);
      const script = await readFile(await ordered(options, 'echo ran'), 'utf8');
      const slow = join(home.path, `in-memory-${round}`);
      await writeFile(slow, script);
      const first = lead(slow);
      const found = adoptProcess(options);
      const handle = found === 'never started' ? await launcher.start(planOf(home.path, 'echo ran'), options) : found;
      await first;
      // Where the slow one was taken for gone, it is over without having run.
      if (typeof handle !== 'string') expect((await handle.ended).exitCode).toBe(0);
      expect(fileOf(options)).toBe(handle === 'gone' ? '' : 'ran\n');
    }
  });

  test('is not held up by a leader that claimed it in the very moment, and then was too late', async () => {
    const options = optionsIn(home.path);
    await mkdir(options.directory);
    await writeFile(join(options.directory, 'status'), '');
    const starting = launcher.start(planOf(home.path, 'echo ran'), options);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await writeFile(join(options.directory, 'status'), 'late\n');
    expect(await (await starting).ended).toMatchObject({ exitCode: 0 });
    expect(fileOf(options)).toBe('ran\n');
  });

  test('leaves no order and no input where the server died before it heard of the start', async () => {
    const options = optionsIn(home.path);
    const script = await ordered(options, 'cat; sleep 300', 'secret');
    void lead(script);
    await untilTrue(() => fileOf(options).includes('secret'));
    const handle = adoptedBy(adoptProcess(options));
    expect(existsSync(join(options.directory, 'run')) || existsSync(join(options.directory, 'stdin'))).toBe(false);
    handle.stop('cancel', 1_000);
    expect(await handle.ended).toMatchObject({ signal: 'SIGTERM' });
  });
});

describe('a status file without a pid, as a full disk leaves it', () => {
  test('of a process that runs: it is found, followed and stopped', async () => {
    const options = optionsIn(home.path);
    const own = await launcher.start(planOf(home.path, 'echo up; sleep 300', marked(options)), options);
    await untilTrue(() => fileOf(options).includes('up'));
    await truncate(join(options.directory, 'status'));
    const handle = adoptedBy(adoptProcess(options));
    expect(handle.pid).toBe(own.pid);
    handle.stop('timeout', 1_000);
    expect(await handle.ended).toMatchObject({ stopped: 'timeout' });
    expect(isAlive(own.pid)).toBe(false);
  });

  test('of one that is gone: it is not started again', async () => {
    const options = optionsIn(home.path);
    await mkdir(options.directory);
    await writeFile(join(options.directory, 'status'), '');
    expect(adoptProcess(options)).toBe('gone');
  });
});

describe('a leader that was killed', () => {
  test('while nobody looked: what it led is killed, also where the group is no longer led by its first process', async () => {
    const options = optionsIn(home.path);
    const command = 'setsid sleep 300 & echo $!; sleep 300 & echo $!; wait';
    const own = await launcher.start(planOf(home.path, command, marked(options)), options);
    await untilTrue(() => fileOf(options).split('\n').length === 3);
    launcher[Symbol.dispose]();
    const { pid: leader = 0 } = readProcessStatus(options.directory);
    process.kill(leader, 'SIGKILL');
    process.kill(own.pid, 'SIGKILL');
    await untilTrue(() => !isAlive(leader) && !isAlive(own.pid));
    expect(adoptProcess(options)).toBe('gone');
    const left = fileOf(options).trim().split('\n').map(Number);
    await untilTrue(() => left.every((pid) => !isAlive(pid)));
  });

  test('takes nobody else along, whoever has the number of its group now', async () => {
    const options = optionsIn(home.path);
    await mkdir(options.directory);
    const stranger = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
    const { pid = 0 } = stranger;
    await writeFile(join(options.directory, 'status'), `pid 4194304\ngroup ${pid}\n`);
    expect(adoptProcess(options)).toBe('gone');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(isAlive(pid)).toBe(true);
    stranger.kill('SIGKILL');
  });
});

test('a leader whose status file is open elsewhere is still told from others', async () => {
  const options = optionsIn(home.path);
  await mkdir(options.directory);
  const path = join(options.directory, 'status');
  await writeFile(path, `pid ${process.pid}\n`);
  const fd = openSync(path, 'a');
  expect(adoptProcess(options)).toBe('gone');
  closeSync(fd);
});
