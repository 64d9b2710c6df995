/** Limits of processes: what is asked for, that it holds by every way of starting, for this process alone, and what is said. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileOf, optionsIn, planOf } from '../../../test/support/process-trial.ts';
import { allWays, openWay, type Way, waysOfBash } from '../../../test/support/process-ways.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { findBuiltinRunnerType } from '../../core/model/builtin-runner-types.ts';
import { findParameterProblem } from '../../core/params/check-parameters.ts';
import type { ProcessPlan } from '../process.ts';
import { limitedArgv } from './limit-lines.ts';
import { limitsPlan } from './limits-plan.ts';

let home: TemporaryDirectory;
let way: Way;

beforeEach(async () => {
  home = await temporaryDirectory();
});

afterEach(async () => {
  way[Symbol.dispose]();
  await home[Symbol.asyncDispose]();
});

async function run(command: string, wish: Partial<ProcessPlan> = {}) {
  const options = optionsIn(home.path);
  const end = await (await way.start(planOf(home.path, command, wish), options)).ended;
  return { end, stdout: fileOf(options), stderr: fileOf(options, 'stderr') };
}

const askAll = 'for l in f u n v t; do ulimit -S -$l; done';
const limits = {
  fileBytesMax: 5 * 1024 * 1024 + 1024,
  processesMax: 4_000,
  openFilesMax: 77,
  memoryBytesMax: 3 * 1024 ** 3,
  cpuSecondsMax: 9,
};

describe.each(allWays)('started %s', (name) => {
  beforeEach(() => {
    way = openWay(name);
  });

  test('a process has the limits it was given, and the next one has none of them', async () => {
    const before = await run(askAll);
    expect((await run(askAll, { limits })).stdout).toBe('5121\n4000\n77\n3145728\n9\n');
    expect((await run('ulimit -H -t', { limits })).stdout).toBe('14\n');
    expect((await run(askAll)).stdout).toBe(before.stdout);
  });
});

test.each(waysOfBash)(
  'started %s, what goes beyond a limit says so by its signal',
  async (name) => {
    way = openWay(name);
    const long = await run('exec head -c 3000000 /dev/zero >long', { limits: { fileBytesMax: 1_000_000 } });
    expect(long.end.signal).toBe('SIGXFSZ');
    const busy = await run('while :; do :; done', { limits: { cpuSecondsMax: 1 } });
    expect(busy.end.signal).toBe('SIGXCPU');
    const wide = await run('exec python3 -c "bytes(10**9)"', { limits: { memoryBytesMax: 400_000_000 } });
    expect(wide).toMatchObject({ end: { exitCode: 1 }, stderr: expect.stringContaining('MemoryError') });
  },
  30_000,
);

test.each(['/bin/sh', '/bin/bash'])('a lower limit of the system stays, and nothing complains: %s', async (shell) => {
  way = openWay('plainly');
  // As a user who may not raise it again, which root may.
  const user = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
  const [, ...words] = limitedArgv(['/bin/sh', '-c', 'ulimit -n; ulimit -v'], {
    openFilesMax: 60,
    memoryBytesMax: 2 ** 30,
  });
  const argv = ['/bin/bash', '-c', 'ulimit -n 50; exec "$@"', 'name', ...user, shell, ...words];
  expect(await run('', { argv, cwd: '/' })).toMatchObject({
    end: { exitCode: 0 },
    stdout: '50\n1048576\n',
    stderr: '',
  });
});

describe('what is asked for', () => {
  beforeEach(() => {
    way = openWay('plainly');
  });
  const settings = { fileBytesMax: 0, processesMax: 10, cpuSecondsMax: 20, memoryBytesMax: 0, openFilesMax: 30 };

  test('settings hold where an action says nothing; item by item, what it says wins', () => {
    expect(limitsPlan({ runnerParameters: {} }, settings)).toEqual({
      limits: { processesMax: 10, cpuSecondsMax: 20, openFilesMax: 30 },
    });
    const limits = { cpu_seconds: 0, open_files: 31, memory_bytes: 5 };
    expect(limitsPlan({ runnerParameters: { limits } }, settings)).toEqual({
      limits: { processesMax: 10, openFilesMax: 31, memoryBytesMax: 5 },
    });
    expect(limitsPlan({ runnerParameters: {} }, undefined)).toEqual({});
  });

  test.each([
    ['local-shell-cmd', { cpu: 1 }, /'cpu' was unexpected/],
    ['local-shell-script', { cpu_seconds: -1 }, /-1 is less than the minimum of 0/],
    ['python-script', { open_files: 'many' }, /'many' is not of type 'integer'/],
  ])('%s refuses %o', (runner, limits, message) => {
    const schemas = findBuiltinRunnerType(runner)?.runner_parameters ?? {};
    expect(findParameterProblem(schemas, { limits })?.message).toMatch(message);
    expect(findParameterProblem(schemas, { limits: { cpu_seconds: 1 } })).toBeUndefined();
  });
});
