/** How a process ends, and what of that is known: signals, what it leaves running, what it hands over, a leader that is killed. */
import { appendFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileOf, isAlive, marked, optionsIn, planOf, untilTrue } from '../../../test/support/process-trial.ts';
import { allWays, openWay, type Way, type WayName, waysOfBash } from '../../../test/support/process-ways.ts';
import { fillDisk, leaveOut, smallDisk } from '../../../test/support/server-small-disk.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import type { ProcessOptions, ProcessPlan } from '../process.ts';
import { readProcessStatus } from './process-status.ts';

let home: TemporaryDirectory;
let way: Way;

function open(name: WayName): void {
  way = openWay(name);
}

beforeEach(async () => {
  home = await temporaryDirectory();
});

afterEach(async () => {
  way[Symbol.dispose]();
  await home[Symbol.asyncDispose]();
});

async function endOf(command: string, wish: Partial<ProcessPlan> = {}, options = optionsIn(home.path)) {
  return (await way.start(planOf(home.path, command, wish), options)).ended;
}

describe.each(waysOfBash)('started %s, a signal and an exit code of the same number are told apart', (name) => {
  beforeEach(() => open(name));

  test.each([
    ['HUP', 1],
    ['INT', 2],
    ['KILL', 9],
    ['USR1', 10],
    ['PIPE', 13],
    ['TERM', 15],
  ])('SIG%s', async (signal, number) => {
    // Some of bash's notes depend on whether the command was faster than the shell that waits for it.
    const [killed, late, chosen] = await Promise.all([
      endOf(`kill -${signal} $$`),
      endOf(`sleep 0.1; kill -${signal} $$`),
      endOf(`exit ${128 + number}`),
    ]);
    expect(killed).toMatchObject({ exitCode: 128 + number, signal: `SIG${signal}` });
    expect(late).toMatchObject({ exitCode: 128 + number, signal: `SIG${signal}` });
    expect(chosen).toMatchObject({ exitCode: 128 + number, signal: undefined });
  });

  test('a command that is stopped for a while is not at its end, and costs nothing meanwhile', async () => {
    const options = optionsIn(home.path);
    const ended = endOf('echo $$; kill -STOP $$; exit 5', {}, options);
    await untilTrue(() => fileOf(options).includes('\n'));
    const command = Number(fileOf(options));
    await untilTrue(() => fileOf(options, 'status').includes('Stopped') || /^State:\s+T/m.test(stateOf(command)));
    const { pid = 0 } = readProcessStatus(options.directory);
    const before = cpuTicks(pid);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(cpuTicks(pid) - before).toBeLessThan(5);
    process.kill(command, 'SIGCONT');
    expect(await ended).toMatchObject({ exitCode: 5, signal: undefined });
  });

  test('a command meets every signal as if it were started by hand', async () => {
    const options = optionsIn(home.path);
    await endOf('', { argv: ['/bin/grep', '^Sig[IB]', '/proc/self/status'] }, options);
    expect(fileOf(options)).toMatch(/^SigBlk:\t0+\nSigIgn:\t0+\n$/);
  });
});

describe.each(allWays)('what a command started %s leaves running', (name) => {
  beforeEach(() => open(name));
  const start = (plan: ProcessPlan, options: ProcessOptions) => way.start(plan, options);

  test('is waited for while it brings the last lines home', async () => {
    const options = optionsIn(home.path);
    // As `exec > >(tee log) 2>&1` does, with a tee that is slow to the end.
    const slow = 'exec > >(while IFS= read -r l; do sleep 0.02; echo "$l"; done); for i in 1 2 3 4 5; do echo $i; done';
    await (await start(planOf(home.path, slow), options)).ended;
    expect(fileOf(options)).toBe('1\n2\n3\n4\n5\n');
  });

  test('holds up nothing for long where it stays', async () => {
    const options = optionsIn(home.path);
    const handle = await start(planOf(home.path, 'sleep 300 & echo $!; exit 3'), options);
    await untilTrue(() => readProcessStatus(options.directory).exitCode !== undefined);
    const asked = performance.now();
    const end = await handle.ended;
    expect(performance.now() - asked).toBeLessThan(900);
    expect(end).toMatchObject({ exitCode: 3, stopped: undefined });
    const daemon = Number(fileOf(options));
    expect(isAlive(daemon)).toBe(true);
    process.kill(daemon, 'SIGKILL');
  });
});

test.each(waysOfBash)('started %s, what leaves nothing running waits for nothing', async (name) => {
  open(name);
  await endOf('true');
  const before = performance.now();
  for (let count = 0; count < 20; count++) await endOf('true');
  // Waiting once takes 20 ms; starting takes 5, on a busy machine more: then at least some are fast.
  const handles = await Promise.all(
    Array.from({ length: 20 }, async () => way.start(planOf(home.path, 'sleep 0.2'), optionsIn(home.path))),
  );
  const lateMs = await Promise.all(
    handles.map(async ({ pid, ended }) => {
      await untilTrue(() => !isAlive(pid));
      const gone = performance.now();
      await ended;
      return performance.now() - gone;
    }),
  );
  expect(Math.min(...lateMs)).toBeLessThan(15);
  expect(performance.now() - before).toBeLessThan(10_000);
});

test.each(waysOfBash)(
  'started %s, a leader that is killed takes its command along, and what left the group',
  async (name) => {
    open(name);
    const options = optionsIn(home.path);
    const plan = planOf(home.path, 'setsid sleep 300 & echo $!; sleep 300 & echo $!; wait', marked(options));
    const handle = await way.start(plan, options);
    await untilTrue(() => fileOf(options).split('\n').length === 3);
    process.kill(readProcessStatus(options.directory).pid ?? 0, 'SIGKILL');
    expect(await handle.ended).toMatchObject({ exitCode: undefined, signal: 'SIGKILL', stopped: undefined });
    for (const pid of [handle.pid, ...fileOf(options).trim().split('\n').map(Number)]) expect(isAlive(pid)).toBe(false);
  },
);

test.for(waysOfBash)(
  'started %s, an exit status that could not be written down is known from what the leader said',
  async (name, context) => {
    open(name);
    if (process.getuid?.() !== 0) return leaveOut(context, 'only root can mount a small disk');
    await using disk = await smallDisk(home.path, '1m');
    const options = optionsIn(disk.path);
    const handle = await way.start(planOf(home.path, 'until [ -e go ]; do sleep 0.01; done; exit 7'), options);
    await untilTrue(() => readProcessStatus(options.directory).group !== undefined);
    // Up to the end of a page: for the next line the disk needs another one, which it does not have.
    const path = join(options.directory, 'status');
    await appendFile(path, `${'x'.repeat(4095 - (await stat(path)).size)}\n`);
    fillDisk(join(disk.path, 'full'));
    await writeFile(join(home.path, 'go'), '');
    expect(await handle.ended).toMatchObject({ exitCode: 7, signal: undefined });
    expect(readProcessStatus(options.directory).exitCode).toBeUndefined();
  },
);

describe('a result', () => {
  beforeEach(() => open('in a slot'));
  const result = (command: string, resultBytesMax?: number) =>
    endOf(command, { resultVariable: 'R', ...(resultBytesMax !== undefined && { resultBytesMax }) });

  test('that is too long is not read; its length and its end are known', async () => {
    expect(await result('printf 1234567890 >"$R"', 10)).toMatchObject({ resultFile: '1234567890' });
    const cut = await result(`head -c 300 /dev/zero | tr '\\0' x >"$R"; printf end >>"$R"`, 300);
    expect(cut.resultFile).toBeUndefined();
    expect(cut.resultCut).toEqual({ bytes: 303, tail: `${'x'.repeat(61)}end` });
    expect((await result('printf 123 >"$R"', 2)).resultCut).toEqual({ bytes: 3, tail: '123' });
  });

  test('of 200 MB costs no memory where nobody said a limit', async () => {
    const before = process.memoryUsage().rss;
    expect((await result('head -c 200000000 /dev/zero >"$R"')).resultCut?.bytes).toBe(200_000_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
  });
});

function stateOf(pid: number): string {
  return fileOf({ ...optionsIn('/proc', String(pid)) }, 'status');
}

/** In hundredths of a second. */
function cpuTicks(pid: number): number {
  const fields =
    fileOf({ ...optionsIn('/proc', String(pid)) }, 'stat')
      .split(') ')[1]
      ?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}
