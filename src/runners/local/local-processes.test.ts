/**
 * Real processes, by every way of starting them: what they are given, how they end, how they are stopped with all they
 * started, and how a later server finds them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sampleId } from '../../../test/support/sample-execution.ts';
import { allWays, openWay, type Way, waysOfBash } from '../../../test/support/process-ways.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { systemClock } from '../../base/clock.ts';
import type { ProcessHandle, ProcessOptions, ProcessPlan } from '../process.ts';
import { adoptProcess } from './adopt-process.ts';
import { groupExists, groupLives } from './process-group.ts';
import { leaderAlive, readProcessStatus } from './process-status.ts';

let home: TemporaryDirectory;
const started: ProcessHandle[] = [];

beforeEach(async () => {
  home = await temporaryDirectory();
});

afterEach(async () => {
  for (const handle of started.splice(0)) {
    handle.stop('cancel', 0);
    await handle.ended;
  }
  await home[Symbol.asyncDispose]();
});

function planOf(command: string, wish: Partial<ProcessPlan> = {}): ProcessPlan {
  return {
    argv: ['/bin/bash', '-c', command],
    environment: { PATH: process.env['PATH'] ?? '' },
    cwd: home.path,
    timeoutMs: 60_000,
    signalsNeedSudo: false,
    ...wish,
  };
}

function optionsFor(executionId = sampleId()): ProcessOptions {
  return { executionId, directory: join(home.path, executionId), clock: systemClock };
}

function output(options: ProcessOptions, name = 'stdout'): string {
  const path = join(options.directory, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** Waits until it holds, for at most five seconds. */
async function until(what: () => boolean): Promise<void> {
  for (const end = performance.now() + 5_000; !what(); ) {
    if (performance.now() > end) throw new Error(`waited for what does not come: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false; // there is no such process
  }
}

describe.each(allWays)('a process started %s', (name) => {
  let way: Way;
  beforeEach(() => {
    way = openWay(name);
  });
  afterEach(() => way[Symbol.dispose]());

  async function start(plan: ProcessPlan, options: ProcessOptions): Promise<ProcessHandle> {
    const handle = await way.start(plan, options);
    started.push(handle);
    return handle;
  }

  test('appends its output to files, and its exit code is told', async () => {
    const options = optionsFor();
    const before = systemClock.nowUs();
    const handle = await start(planOf('echo out; echo err >&2; exit 7'), options);
    const end = await handle.ended;
    expect(end).toMatchObject({ exitCode: 7, signal: undefined, stopped: undefined, timeoutMs: 60_000 });
    expect(end.endUs).toBeGreaterThanOrEqual(before);
    expect([output(options), output(options, 'stderr')]).toEqual(['out\n', 'err\n']);
  });

  test('gets exactly its arguments, environment, directory and input', async () => {
    const options = optionsFor();
    const hostile = ['', "it's", '"$HOME"', '`id`', 'a\nb', '-n', '*'];
    await mkdir(join(home.path, "dir 'x' $y"));
    const handle = await start(
      planOf('', {
        argv: [
          '/bin/bash',
          '-c',
          'printf "<%s>" "$@" "$V" "$PWD"; cat; env -0 | tr "\\0" "\\n" >&2',
          'name',
          ...hostile,
        ],
        environment: { PATH: process.env['PATH'] ?? '', V: 'v\'"$\n', ST2_ACTION_X: '1' },
        cwd: join(home.path, "dir 'x' $y"),
        stdin: 'input ✓\n',
      }),
      options,
    );
    expect(await handle.ended).toMatchObject({ exitCode: 0 });
    const wanted = [...hostile, 'v\'"$\n', join(home.path, "dir 'x' $y")].map((word) => `<${word}>`).join('');
    expect(output(options)).toBe(`${wanted}input ✓\n`);
    expect(output(options, 'stderr')).toContain('ST2_ACTION_X=1\n');
    expect(output(options, 'stderr')).not.toMatch(/^VITEST/m);
    // What went in is not left lying about.
    expect(await readdir(options.directory)).not.toContain('stdin');
  });

  test('reads nothing where it is given nothing', async () => {
    const options = optionsFor();
    const handle = await start(planOf('cat; echo "read $?"'), options);
    await handle.ended;
    expect(output(options)).toBe('read 0\n');
  });

  test('hands over a result in the file it is told of', async () => {
    const options = optionsFor();
    const handle = await start(planOf('printf "{}" >"$RESULT"', { resultVariable: 'RESULT' }), options);
    expect(await handle.ended).toMatchObject({ exitCode: 0, resultFile: '{}' });
    const without = await start(planOf('true', { resultVariable: 'RESULT' }), optionsFor());
    expect((await without.ended).resultFile).toBeUndefined();
  });

  test('leads a group and session of its own', async () => {
    const options = optionsFor();
    const handle = await start(planOf('ps -o pgid=,sid= -p $$; sleep 30'), options);
    await until(() => output(options).includes('\n'));
    const [pgid] = output(options).trim().split(/\s+/).map(Number);
    expect(pgid).toBe(handle.pid);
    expect(groupExists(handle.pid)).toBe(true);
    handle.stop('cancel', 1_000);
    await handle.ended;
    expect(await groupLives(handle.pid)).toBe(false);
  });

  test('that was killed by a signal says by which', async () => {
    for (const signal of ['KILL', 'SEGV', 'TERM', 'PIPE']) {
      const handle = await start(planOf(`ulimit -c 0; kill -${signal} $$`), optionsFor());
      expect(await handle.ended).toMatchObject({ signal: `SIG${signal}`, stopped: undefined });
    }
  });

  test('is stopped with everything it started, and its exit status is known', async () => {
    const options = optionsFor();
    const handle = await start(planOf('sleep 300 & echo $!; (sleep 300 & echo $!; wait) & wait'), options);
    await until(() => output(options).split('\n').length === 3);
    const children = output(options).trim().split('\n').map(Number);
    handle.stop('timeout', 5_000);
    handle.stop('cancel', 0);
    const end = await handle.ended;
    expect(end).toMatchObject({ stopped: 'timeout', signal: 'SIGTERM' });
    for (const pid of children) expect(isAlive(pid)).toBe(false);
  });

  test('that takes no notice of TERM is killed after the grace period, not before', async () => {
    const options = optionsFor();
    const handle = await start(planOf(`trap 'echo asked' TERM; echo ready; while :; do sleep 0.05; done`), options);
    await until(() => output(options).includes('ready'));
    const asked = performance.now();
    handle.stop('cancel', 300);
    const end = await handle.ended;
    expect(performance.now() - asked).toBeGreaterThanOrEqual(299);
    expect(end).toMatchObject({ stopped: 'cancel', signal: 'SIGKILL' });
    expect(output(options)).toContain('asked');
    expect(await groupLives(handle.pid)).toBe(false);
  });

  test('may use its grace period to end well', async () => {
    const options = optionsFor();
    const handle = await start(
      planOf(`trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.05; done`),
      options,
    );
    await until(() => output(options).includes('ready'));
    handle.stop('cancel', 10_000);
    expect(await handle.ended).toMatchObject({ stopped: 'cancel', exitCode: 5 });
    expect(output(options)).toBe('ready\nbye\n');
  });

  test('is found by its environment where it left the group', async () => {
    const options = optionsFor();
    const plan = planOf('setsid sleep 300 & echo $!; wait', {
      environment: { PATH: process.env['PATH'] ?? '', ST2_ACTION_EXECUTION_ID: options.executionId },
    });
    const handle = await start(plan, options);
    await until(() => output(options).includes('\n'));
    const stray = Number(output(options));
    await until(() => readFileSync(`/proc/${stray}/cmdline`, 'latin1').startsWith('sleep'));
    handle.stop('cancel', 1_000);
    await handle.ended;
    await until(() => !isAlive(stray));
  });

  test('that ended is not signalled any more', async () => {
    const handle = await start(planOf('exit 0'), optionsFor());
    await handle.ended;
    handle.stop('timeout', 0);
    expect((await handle.ended).stopped).toBeUndefined();
  });

  test('is not started where it could not work, and nothing runs then', async () => {
    const start_ = (wish: Partial<ProcessPlan>) => start(planOf('echo ran', wish), optionsFor());
    await writeFile(join(home.path, 'file'), '');
    await expect(start_({ cwd: join(home.path, 'none') })).rejects.toMatchObject({
      code: 'start_failed',
      message: expect.stringContaining('does not exist'),
    });
    await expect(start_({ cwd: join(home.path, 'file') })).rejects.toMatchObject({
      code: 'start_failed',
      message: expect.stringContaining('not a directory'),
    });
    await expect(start_({ argv: ['/bin/echo', 'x'.repeat(5_000_000)] })).rejects.toMatchObject({
      code: 'start_failed',
      message: expect.stringMatching(/too long|longer than/),
    });
  });

  test('whose program does not exist ends as a shell says it', async () => {
    const options = optionsFor();
    const handle = await start(planOf('', { argv: [join(home.path, 'no-such-program')] }), options);
    expect(await handle.ended).toMatchObject({ exitCode: 127, signal: undefined });
  });

  test('an exit code above 128 that the program chose is no signal where bash leads', async () => {
    const handle = await start(planOf('exit 137'), optionsFor());
    const end = await handle.ended;
    expect(end.exitCode).toBe(137);
    if (name !== 'plainly') expect(end.signal).toBeUndefined();
  });

  describe('and found by a later server', () => {
    test('is followed to its end and can be stopped', async () => {
      const options = optionsFor();
      const plan = planOf('echo ready; sleep 300');
      const own = await start(plan, options);
      await until(() => output(options).includes('ready'));
      const adopted = adoptProcess(plan, options);
      if (typeof adopted === 'string') throw new Error(adopted);
      expect(adopted.pid).toBe(own.pid);
      adopted.stop('cancel', 2_000);
      expect(await adopted.ended).toMatchObject({ stopped: 'cancel', signal: 'SIGTERM' });
      expect(await groupLives(own.pid)).toBe(false);
    });

    test('has ended meanwhile: its exit code, its result, and when', async () => {
      const options = optionsFor();
      const plan = planOf('printf 1 >"$RESULT"; exit 3', { resultVariable: 'RESULT' });
      const { endUs } = await (await start(plan, options)).ended;
      await new Promise((resolve) => setTimeout(resolve, 50));
      const adopted = adoptProcess(plan, options);
      if (typeof adopted === 'string') throw new Error(adopted);
      const end = await adopted.ended;
      expect(end).toMatchObject({ exitCode: 3, resultFile: '1' });
      expect(Math.abs(end.endUs - endUs)).toBeLessThan(45_000);
    });

    test('is gone: somebody killed its leading shell, and what that led is killed too', async () => {
      const options = optionsFor();
      const plan = planOf('echo $$; sleep 300', {
        environment: { PATH: process.env['PATH'] ?? '', ST2_ACTION_EXECUTION_ID: options.executionId },
      });
      const handle = await way.start(plan, options);
      await until(() => output(options).includes('\n'));
      const command = Number(output(options));
      const leader = readProcessStatus(options.directory).pid ?? 0;
      process.kill(leader, 'SIGKILL');
      await until(() => !isAlive(leader));
      expect(adoptProcess(plan, options)).toBe('gone');
      await until(() => !isAlive(command));
      expect(await handle.ended).toMatchObject({ exitCode: undefined, signal: 'SIGKILL' });
    });

    test('was never started: no trace of it', async () => {
      const options = optionsFor();
      expect(adoptProcess(planOf('true'), options)).toBe('never started');
      await mkdir(options.directory);
      await writeFile(join(options.directory, 'stdout'), '');
      expect(adoptProcess(planOf('true'), options)).toBe('never started');
      await rm(options.directory, { recursive: true });
    });

    test('is not taken for another one that has its pid now', async () => {
      const options = optionsFor();
      await mkdir(options.directory);
      await writeFile(join(options.directory, 'status'), `pid ${process.pid}\n`);
      expect(adoptProcess(planOf('true'), options)).toBe('gone');
    });
  });
});

describe.each(waysOfBash)('%s', (name) => {
  test('starts many at once, each with its own end', async () => {
    using way = openWay(name);
    const ends = await Promise.all(
      Array.from(
        { length: 60 },
        async (_, code) => (await (await way.start(planOf(`exit ${code}`), optionsFor())).ended).exitCode,
      ),
    );
    expect(ends).toEqual(ends.map((_, code) => code));
  });

  test('is seen to be there from the first moment it is known', async () => {
    using way = openWay(name);
    // The moment in question is short and not always met: of so many, a good part is.
    for (let at = 0; at < 100; at++) {
      const options = optionsFor();
      const handle = await way.start(planOf('sleep 0.05'), options);
      const leader = readProcessStatus(options.directory).pid ?? 0;
      expect(leaderAlive(leader, options.directory), `start ${at}`).toBe(true);
      await handle.ended;
    }
  });

  test('starts an execution once, also where it is asked twice', async () => {
    using way = openWay(name);
    const options = optionsFor();
    const first = await way.start(planOf('echo once; sleep 0.2; exit 4'), options);
    using another = openWay(name);
    const second = await another.start(planOf('echo twice'), options);
    expect(second.pid).toBe(first.pid);
    expect([(await first.ended).exitCode, (await second.ended).exitCode]).toEqual([4, 4]);
    expect(output(options)).toBe('once\n');
  });

  test('leaves what runs alone when it is closed', async () => {
    const options = optionsFor();
    let handle: ProcessHandle;
    {
      using way = openWay(name);
      handle = await way.start(planOf('echo ready; sleep 0.3; echo done'), options);
      await until(() => output(options).includes('ready'));
    }
    await until(() => output(options).includes('done'));
    await until(() => output(options, 'status').endsWith('exit 0\n'));
    expect(groupExists(handle.pid)).toBe(false);
  });
});
