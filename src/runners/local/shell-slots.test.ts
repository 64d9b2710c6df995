/** Warm slots: what they leave no trace of, and what becomes of executions where slots are killed, stopped, too few or none. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileOf, isAlive, marked, optionsIn, planOf, untilTrue } from '../../../test/support/process-trial.ts';
import { slotsAlone } from '../../../test/support/process-ways.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { ManualClock, systemClock } from '../../base/clock.ts';
import type { ProcessEnd, ProcessOptions, ProcessPlan } from '../process.ts';
import { adoptProcess } from './adopt-process.ts';
import { startPlainly } from './plain-start.ts';
import { readProcessStatus } from './process-status.ts';
import { ShellLauncher } from './shell-launcher.ts';
import { ShellSlots, type SlotOptions } from './shell-slots.ts';

let home: TemporaryDirectory;
let launcher: ShellLauncher;
/** Executions that went by the launcher. */
let launched: string[];

beforeEach(async () => {
  home = await temporaryDirectory();
  launcher = new ShellLauncher('/bin/bash', systemClock);
  launched = [];
});

afterEach(async () => {
  launcher[Symbol.dispose]();
  await home[Symbol.asyncDispose]();
});

function slotsBeforeLauncher(wish: Partial<SlotOptions>): ShellSlots {
  const counted = {
    start(plan: ProcessPlan, options: ProcessOptions) {
      launched.push(options.executionId);
      return launcher.start(plan, options);
    },
  };
  return new ShellSlots({ bash: '/bin/bash', clock: systemClock, slotsMax: 4, launcher: counted, ...wish });
}

async function endOf(
  slots: ShellSlots,
  command: string,
  wish: Partial<ProcessPlan> = {},
  options = optionsIn(home.path),
) {
  return (await slots.start(planOf(home.path, command, wish), options)).ended;
}

function leaderOf(options: ProcessOptions): number {
  return readProcessStatus(options.directory).pid ?? 0;
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

describe('a slot', () => {
  test('runs one after another, each in a group of its own, and keeps nothing of them', async () => {
    using slots = slotsAlone(1);
    const seen: (readonly number[])[] = [];
    const files = 'ls /proc/self/fd >&2';
    const plain = optionsIn(home.path);
    await (await startPlainly(planOf(home.path, files), plain)).ended;
    for (let round = 0; round < 8; round++) {
      const options = optionsIn(home.path);
      // What it leaves running is not the slot's to reap.
      const command = `sleep 0.05 & echo $$ $! ; ${files}; exit ${round}`;
      const handle = await slots.start(planOf(home.path, command), options);
      expect((await handle.ended).exitCode).toBe(round);
      const [command_ = 0, left = 0] = fileOf(options).trim().split(' ').map(Number);
      expect(handle.pid).toBe(command_);
      // Nothing that the slot or its nursery has open, such as other slots' orders.
      expect(fileOf(options, 'stderr')).toBe(fileOf(plain, 'stderr'));
      seen.push([leaderOf(options), command_, left]);
    }
    const leader = seen[0]?.[0] ?? 0;
    expect(new Set(seen.map((each) => each[0]))).toEqual(new Set([leader]));
    expect(new Set(seen.map((each) => each[1])).size).toBe(8);
    await untilTrue(() => seen.every(([, command = 0, left = 0]) => !isThere(command) && !isThere(left)));
    expect(readFileSync(`/proc/${leader}/task/${leader}/children`, 'utf8')).toBe('');
  });

  test('does not hand one command what another was given', async () => {
    using slots = slotsAlone(1);
    const environment = { PATH: process.env['PATH'] ?? '', SECRET: 'hush', IFS: 'x', LC_ALL: 'C.UTF-8' };
    await endOf(slots, 'cd /; ulimit -n 50; umask 0; export MORE=1', { environment, stdin: 'hush' });
    const options = optionsIn(home.path);
    await endOf(slots, 'umask; ulimit -n; cat', { cwd: home.path }, options);
    const [mask, files, input] = fileOf(options).split('\n');
    expect([mask, input]).toEqual(['0022', '']);
    expect(Number(files)).toBeGreaterThan(50);
    const wish = { argv: ['/bin/cat', '/proc/self/environ'], environment: { PATH: '/bin', ONLY: 'this' } };
    const given: string[] = [];
    for (const way of [slots, launcher]) {
      const other = optionsIn(home.path);
      await (await way.start(planOf(home.path, '', wish), other)).ended;
      given.push(fileOf(other));
    }
    expect(given[0]).toBe(given[1]);
    expect(given[0]).not.toContain('hush');
  });

  test('that is killed takes its command along, and another takes its place', async () => {
    using slots = slotsAlone(1);
    const options = optionsIn(home.path);
    const plan = planOf(home.path, 'setsid sleep 300 & echo $!; wait', marked(options));
    const handle = await slots.start(plan, options);
    await untilTrue(() => fileOf(options).includes('\n'));
    process.kill(leaderOf(options), 'SIGKILL');
    expect(await handle.ended).toMatchObject({ exitCode: undefined, signal: 'SIGKILL' });
    for (const pid of [handle.pid, Number(fileOf(options))]) expect(isAlive(pid)).toBe(false);
    const next = optionsIn(home.path);
    expect((await endOf(slots, 'exit 3', {}, next)).exitCode).toBe(3);
    // Also where it had nothing to do.
    process.kill(leaderOf(next), 'SIGKILL');
    await untilTrue(() => !isThere(leaderOf(next)));
    expect((await endOf(slots, 'exit 4')).exitCode).toBe(4);
  });

  test('that hangs is given up; what it was asked runs once, elsewhere', async () => {
    const clock = new ManualClock();
    using slots = slotsBeforeLauncher({ clock });
    const before = optionsIn(home.path);
    await endOf(slots, 'true', {}, before);
    const slot = leaderOf(before);
    process.kill(slot, 'SIGSTOP');
    const options = optionsIn(home.path);
    const starting = slots.start(planOf(home.path, 'echo ran; cat', { stdin: 'input\n' }), options);
    clock.advance(10_000);
    expect((await (await starting).ended).exitCode).toBe(0);
    expect(launched).toEqual([options.executionId]);
    process.kill(slot, 'SIGCONT');
    // It reads what it was asked, finds it taken, and goes.
    await untilTrue(() => !isThere(slot));
    expect(fileOf(options)).toBe('ran\ninput\n');
    expect((await endOf(slots, 'exit 5')).exitCode).toBe(5);
    expect(launched).toHaveLength(1);
  });

  test('that hangs and is killed in the middle of an order leaves the rest of it to nobody', async () => {
    const clock = new ManualClock();
    using slots = slotsBeforeLauncher({ clock, slotsMax: 4 });
    const before = optionsIn(home.path);
    await endOf(slots, 'true', {}, before);
    process.kill(leaderOf(before), 'SIGSTOP');
    const options = optionsIn(home.path);
    const starting = slots.start(planOf(home.path, 'echo ran'), options);
    process.kill(leaderOf(before), 'SIGKILL');
    await untilTrue(() => !isThere(leaderOf(before)));
    // Found by looking, long before the wait is over.
    clock.advance(500);
    expect((await (await starting).ended).exitCode).toBe(0);
    expect(fileOf(options)).toBe('ran\n');
    for (let code = 0; code < 5; code++) expect((await endOf(slots, `exit ${code}`)).exitCode).toBe(code);
    expect(launched).toEqual([options.executionId]);
  });

  test('does nothing where a later server was faster with the same execution', async () => {
    using slots = slotsAlone(1);
    using later = slotsAlone(1);
    const before = optionsIn(home.path);
    await endOf(slots, 'true', {}, before);
    process.kill(leaderOf(before), 'SIGSTOP');
    const options = optionsIn(home.path);
    const first = slots.start(planOf(home.path, 'echo first'), options);
    expect(adoptProcess(options)).toBe('never started');
    const second = await later.start(planOf(home.path, 'echo second; sleep 0.2; exit 6'), options);
    process.kill(leaderOf(before), 'SIGCONT');
    expect((await first).pid).toBe(second.pid);
    expect([(await second.ended).exitCode, (await (await first).ended).exitCode]).toEqual([6, 6]);
    expect(fileOf(options)).toBe('second\n');
    expect((await endOf(slots, 'exit 7')).exitCode).toBe(7);
  });
});

test('what finds no slot, and an order too long for one, goes by the launcher', async () => {
  using slots = slotsBeforeLauncher({ slotsMax: 2 });
  const codes = [10, 11, 12, 13, 14];
  const ends = await Promise.all(codes.map((code) => endOf(slots, `sleep 0.3; exit ${code}`)));
  expect(ends.map((end) => end.exitCode)).toEqual(codes);
  expect(launched).toHaveLength(3);
  const environment = { PATH: process.env['PATH'] ?? '', LONG: 'é'.repeat(50_000) };
  const options = optionsIn(home.path);
  await endOf(slots, 'printf %s "$LONG" | wc -c', { environment }, options);
  expect(fileOf(options).trim()).toBe('100000');
  expect(launched).toHaveLength(4);
});

test('a bash that is too old for slots, or none, leaves everything to the launcher', async () => {
  for (const bash of ['/bin/false', '/nonexistent/bash']) {
    using slots = slotsBeforeLauncher({ bash });
    const ends = await Promise.all([endOf(slots, 'exit 1'), endOf(slots, 'exit 2')]);
    expect(ends.map((end) => end.exitCode)).toEqual([1, 2]);
    expect((await endOf(slots, 'exit 3')).exitCode).toBe(3);
  }
  expect(launched).toHaveLength(6);
});

test('where the nursery is killed, what runs goes on and its end is heard; new slots come from a new one', async () => {
  using slots = slotsBeforeLauncher({});
  const options = optionsIn(home.path);
  const handle = await slots.start(planOf(home.path, 'until [ -e go ]; do sleep 0.02; done; exit 7'), options);
  const nursery = parentOf(leaderOf(options));
  process.kill(nursery, 'SIGKILL');
  await untilTrue(() => !isThere(nursery));
  const other = optionsIn(home.path);
  expect((await endOf(slots, 'touch go; exit 8', {}, other)).exitCode).toBe(8);
  expect((await handle.ended).exitCode).toBe(7);
  // The old slot has nobody any more.
  await untilTrue(() => !isThere(leaderOf(options)));
  expect((await endOf(slots, 'exit 9')).exitCode).toBe(9);
});

test('slots that have nothing to do for a while end, but for a few; they come back when needed', async () => {
  const clock = new ManualClock();
  using slots = slotsBeforeLauncher({ clock, slotsMax: 10 });
  const round = async () => {
    const all = Array.from({ length: 10 }, () => optionsIn(home.path));
    const ends = await Promise.all(all.map((options) => endOf(slots, 'sleep 0.2', {}, options)));
    expect(ends.map((end: ProcessEnd) => end.exitCode)).toEqual(all.map(() => 0));
    const leaders = all.map(leaderOf);
    expect(new Set(leaders).size).toBe(10);
    return leaders;
  };
  const leaders = await round();
  clock.advance(59_000);
  expect(leaders.every(isAlive)).toBe(true);
  clock.advance(61_000);
  await untilTrue(() => leaders.filter(isAlive).length === 4);
  await round();
  expect(launched).toEqual([]);
});

test('when the server is killed, what runs is led to its end and adopted; slots and nursery go by themselves', async () => {
  const program = join(home.path, 'server.mjs');
  const contents = `
import { systemClock } from './src/base/clock.ts';
import { ShellSlots } from './src/runners/local/shell-slots.ts';
const home = process.argv[2];
const slots = new ShellSlots({ bash: '/bin/bash', clock: systemClock, slotsMax: 4, launcher: undefined });
setInterval(() => {}, 1000);
const start = (executionId, command) => slots.start(
  { argv: ['/bin/bash', '-c', command], environment: { PATH: process.env.PATH }, cwd: home, timeoutMs: 60000, signalsNeedSudo: false },
  { executionId, directory: home + '/' + executionId, clock: systemClock });
const running = start('running', 'until [ -e go ]; do sleep 0.02; done; echo done; exit 3');
await (await start('ended', 'exit 0')).ended;
await running;
console.log('up');
`;
  await build({
    stdin: { contents, resolveDir: process.cwd(), loader: 'ts' },
    outfile: program,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'warning',
  });
  const server = spawn(process.execPath, [program, home.path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => server.stdout.once('data', resolve));
  const [running, ended] = [optionsIn(home.path, 'running'), optionsIn(home.path, 'ended')];
  const nursery = parentOf(leaderOf(ended));
  server.kill('SIGKILL');
  await untilTrue(() => !isThere(nursery) && !isThere(leaderOf(ended)));
  const adopted = adoptProcess(running);
  if (typeof adopted === 'string') throw new Error(adopted);
  spawn('touch', [join(home.path, 'go')]);
  expect((await adopted.ended).exitCode).toBe(3);
  expect(fileOf(running)).toBe('done\n');
  await untilTrue(() => !isThere(leaderOf(running)));
});

/** Be it as a zombie. */
function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // there is no such process
  }
}
