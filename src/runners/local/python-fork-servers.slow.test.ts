/** Python actions by fork servers: real interpreters, each killed, changed or refused in turn. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileOf, isAlive, optionsIn, untilTrue } from '../../../test/support/process-trial.ts';
import { sampleAction } from '../../../test/support/sample-execution.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { ManualClock, systemClock } from '../../base/clock.ts';
import { createLog } from '../../base/log.ts';
import type { ProcessEnd, ProcessHandle, ProcessOptions, ProcessPlan, Processes } from '../process.ts';
import { localProcesses } from './local-processes.ts';
import { leaderAlive, readProcessStatus } from './process-status.ts';
import { PythonForkServers } from './python-fork-servers.ts';
import { pythonScript } from './python-runner.ts';

const sdkPath = join(import.meta.dirname, '../../../python');
let home: TemporaryDirectory;
let processes: Processes & Disposable;
let logged: string[];
const started: ProcessHandle[] = [];

beforeEach(async () => {
  home = await temporaryDirectory();
  logged = [];
  processes = localProcesses(systemClock, createLog({ level: 'info', write: (line) => logged.push(line) }));
});

afterEach(async () => {
  for (const handle of started.splice(0)) {
    handle.stop('cancel', 0);
    await handle.ended;
  }
  processes[Symbol.dispose]();
  await home[Symbol.asyncDispose]();
});

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(home.path, path)), { recursive: true });
  await writeFile(join(home.path, path), text);
}

const action = (body: string, head = '') =>
  `${head}\nimport os, sys, time\nfrom st2common.runners.base_action import Action\nclass It(Action):\n    def run(self, **given):\n${body.replaceAll(/^/gm, '        ')}\n`;

let count = 0;
interface Trial {
  readonly options: ProcessOptions;
  readonly plan: ProcessPlan;
}

/** An action of the pack `pack`, in a file of its own unless `name` is given. */
async function prepare(
  code: string,
  { name = `it${++count}.py`, pack = 'demo', ...wish }: Partial<Record<'name' | 'pack', string>> & Wish = {},
): Promise<Trial> {
  await write(`${pack}/actions/${name}`, code);
  const options = optionsIn(home.path);
  const runner = pythonScript({
    systemUser: 'stanley',
    environment: { ...process.env, ...wish.server },
    cwd: '/',
    sdkPath,
    pythonBinary: 'python3',
    virtualenvsPath: join(home.path, 'virtualenvs'),
    logLevel: 'DEBUG',
  });
  if (runner.kind !== 'process') throw new Error('the Python runner starts processes');
  const plan = await runner.plan({
    executionId: options.executionId,
    action: sampleAction({ ref: `${pack}.it`, pack, entry_point: name, runner_type: 'python-script' }),
    runnerParameters: wish.runner ?? {},
    actionParameters: wish.parameters ?? {},
    packPath: join(home.path, pack),
    user: 'ann',
    environment: { ST2_ACTION_EXECUTION_ID: options.executionId, ST2_ACTION_AUTH_TOKEN: 't0ken' },
    token: 't0ken',
    apiUrl: 'http://127.0.0.1:9',
    config: {},
  });
  return { options, plan };
}

interface Wish {
  readonly runner?: Record<string, unknown>;
  readonly parameters?: Record<string, unknown>;
  readonly server?: Record<string, string>;
}

async function begin({ plan, options }: Trial, by: Processes = processes): Promise<ProcessHandle> {
  const handle = await by.start(plan, options);
  started.push(handle);
  return handle;
}

async function run(code: string, wish?: Parameters<typeof prepare>[1]): Promise<Trial & { end: ProcessEnd }> {
  const trial = await prepare(code, wish);
  return { ...trial, end: await (await begin(trial)).ended };
}

function resultOf(end: ProcessEnd): unknown {
  const parsed: { result?: unknown } = JSON.parse(end.resultFile ?? '{}');
  return parsed.result;
}

/** The fork server that forked a process that is still running. */
const parentOf = (pid: number) => Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
const programOf = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[2] ?? '';
const parent = 'return open("/proc/%d/cmdline" % os.getppid()).read().split(chr(0))[2].split("/")[-1]';
const wait = 'print("up")\nwhile not os.path.exists(given["until"]): time.sleep(0.01)\nreturn "done"';

describe('an action', () => {
  test('is forked, in a group of its own, and ends as it would otherwise', async () => {
    const forked = await run(
      action(
        `print("out"); print("err", file=sys.stderr); print("more")\n${parent.replace('return', 'p =')}\nreturn [p, os.getpgid(0) == os.getpid(), os.getcwd()]`,
      ),
    );
    expect(forked.end).toMatchObject({ exitCode: 0, signal: undefined, stopped: undefined });
    expect(resultOf(forked.end)).toEqual(['stormtail_forkserver.py', true, join(home.path, 'demo')]);
    expect(fileOf(forked.options)).toBe('out\nmore\n');
    expect(fileOf(forked.options, 'stderr')).toBe('err\n');
    expect((await run(action('sys.exit(137)'))).end).toMatchObject({ exitCode: 137, signal: undefined });
    expect((await run(action('os.kill(os.getpid(), 9)'))).end).toMatchObject({ exitCode: 137, signal: 'SIGKILL' });
    expect((await run(action('raise ValueError("no")'))).end).toMatchObject({ exitCode: 1, resultFile: undefined });
    expect(logged).toEqual([]);
  });

  test('hands over a result of 20 MB, as far as it is read', async () => {
    const { end } = await run(action('return "x" * 20_000_000'));
    expect(end).toMatchObject({ exitCode: 0, resultCut: { bytes: 20_000_030 } });
    const { plan, options } = await prepare(action('return "x" * 20_000_000'));
    const whole = await (await begin({ plan: { ...plan, resultBytesMax: 30_000_000 }, options })).ended;
    expect(resultOf(whole)).toHaveLength(20_000_000);
  });

  test('is given parameters of any size by no file and no argument', async () => {
    const trial = await prepare(
      action(
        'names = os.listdir(os.path.dirname(given["directory"]) + "/" + os.environ["ST2_ACTION_EXECUTION_ID"])\nreturn [len(given["text"]), sorted(names)]',
      ),
      { parameters: { text: 'é'.repeat(3_000_000), directory: join(home.path, 'x') } },
    );
    const { ended } = await begin(trial);
    const [length, names] = resultOf(await ended) as [number, string[]]; // what the action above returns
    expect(length).toBe(3_000_000);
    expect(names.filter((name) => name !== 'run')).toEqual(['status', 'stderr', 'stdout']);
  });

  test('is new when its file, or a library of its pack, is', async () => {
    await write('demo/actions/lib/part.py', 'VALUE = 1\n');
    const code = (value: number) => action(`return [${value}, part.VALUE]`, 'import part');
    expect(resultOf((await run(code(1), { name: 'it.py' })).end)).toEqual([1, 1]);
    // Of the same length and, as far as the file system tells, within the same second.
    await write('demo/actions/lib/part.py', 'VALUE = 2\n');
    await utimes(join(home.path, 'demo/actions/lib/part.py'), new Date(), new Date(Date.now() + 2_000));
    const second = await prepare(code(2), { name: 'it.py' });
    await utimes(join(home.path, 'demo/actions/it.py'), new Date(), new Date(Date.now() + 2_000));
    expect(resultOf(await (await begin(second)).ended)).toEqual([2, 2]);
  });

  test('is stopped with everything it started, wherever that went', async () => {
    const body = `import subprocess
child = subprocess.Popen(["sleep", "600"])
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open(given["file"], "w").write(str(os.getpid()))
        time.sleep(600)
    os._exit(0)
os.wait()
print(child.pid)
time.sleep(600)`;
    const file = join(home.path, 'daemon');
    const trial = await prepare(action(body), { parameters: { file } });
    const handle = await begin(trial);
    await untilTrue(() => fileOf(trial.options) !== '' && existsSync(file) && readFileSync(file, 'utf8') !== '');
    const pids = [handle.pid, Number(fileOf(trial.options)), Number(readFileSync(file, 'utf8'))];
    expect(pids.every(isAlive)).toBe(true);
    handle.stop('timeout', 200);
    expect(await handle.ended).toMatchObject({ stopped: 'timeout', exitCode: 143, signal: 'SIGTERM' });
    await untilTrue(() => !pids.some(isAlive));
  });

  test('is killed where it takes no notice of TERM', async () => {
    const trial = await prepare(
      action('import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint("up")\ntime.sleep(600)'),
    );
    const handle = await begin(trial);
    await untilTrue(() => fileOf(trial.options) === 'up\n');
    handle.stop('cancel', 100);
    expect(await handle.ended).toMatchObject({ stopped: 'cancel', exitCode: 137, signal: 'SIGKILL' });
  });
});

describe('an interpreter of its own is what an action gets', () => {
  test.each([
    ['that is debugged', { runner: { debug: true } }],
    ['with variables that are read when it starts', { runner: { env: { PYTHONHASHSEED: '0' } } }],
  ])('%s', async (_, wish) => {
    expect(resultOf((await run(action('return sys.argv[0].split("/")[-1]'), wish)).end)).toBe('stormtail_action.py');
    expect(resultOf((await run(action(parent), wish)).end)).not.toBe('stormtail_forkserver.py');
  });

  test('that replaces parts of the standard library', async () => {
    await write('demo/actions/lib/other.py', 'import gevent.monkey\n');
    expect((await prepare(action('pass', 'import eventlet'))).plan.python).toBeUndefined();
    expect((await prepare(action('pass', 'import other'))).plan.python).toBeUndefined();
    expect((await prepare(action('pass', 'import events'))).plan.python?.modules).toContain('events');
  });

  test('whose interpreter is too old, or does not answer', async () => {
    const withPython = async (script: string) => {
      await write('bin/python3', `#!/bin/sh\n${script}\n`);
      await chmod(join(home.path, 'bin/python3'), 0o755);
      return prepare(action('pass'), { server: { PATH: `${join(home.path, 'bin')}:/usr/bin:/bin` } });
    };
    const old = await withPython(`echo '["/usr/bin/env", false, []]'`);
    expect(old.plan.python).toBeUndefined();
    expect(old.plan.argv[0]).toBe('/usr/bin/env');
    const mute = await withPython('exit 3');
    expect(mute.plan.python).toBeUndefined();
    expect(mute.plan.argv[0]).toBe('python3');
    expect(await (await begin(mute)).ended).toMatchObject({ exitCode: 3 });
  });

  test('when no fork server can be started, which is said once', async () => {
    const broken = async () => {
      const { plan, options } = await prepare(action(parent));
      if (!plan.python) throw new Error('not planned to be forked');
      return { plan: { ...plan, python: { ...plan.python, argv: ['/bin/false'] } }, options };
    };
    for (const trial of [await broken(), await broken()]) {
      const end = await (await begin(trial)).ended;
      expect(end.exitCode).toBe(0);
      expect(resultOf(end)).not.toBe('stormtail_forkserver.py');
    }
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('no interpreter can be kept ready');
    expect(logged[0]).toContain('it ended with exit status 1');
  });
});

test('a fork server that does not answer is not waited for long, and does not stay', async () => {
  const clock = new ManualClock();
  const servers = new PythonForkServers(clock, createLog({ level: 'silent' }));
  const { plan, options } = await prepare(action('pass'));
  const file = join(home.path, 'pid');
  const argv = ['/bin/sh', '-c', `echo $$ >${file}.new; mv ${file}.new ${file}; exec sleep 600`];
  const hanging = { argv, environment: {}, modules: [], stamp: '' };
  const answer = servers.start({ ...plan, python: hanging }, options);
  await untilTrue(() => existsSync(file));
  clock.advance(10_000);
  expect(await answer).toBeUndefined();
  expect(existsSync(options.directory)).toBe(false);
  const pid = Number(readFileSync(file, 'utf8'));
  expect(isAlive(pid)).toBe(true);
  servers[Symbol.dispose]();
  await untilTrue(() => !isAlive(pid));
});

describe('modules', () => {
  test('that are unfit to be shared are left to the action; the others are there when it starts', async () => {
    await makeVirtualenv('demo', {
      'threaded.py': 'import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n',
      'fine.py': 'import os\nLOADED_IN = os.getpid()\n',
      'raising.py': 'import os\nif "ST2_ACTION_AUTH_TOKEN" not in os.environ: raise RuntimeError("too early")\n',
    });
    const { end, options } = await run(
      action(
        'import threading\nreturn [fine.LOADED_IN == os.getppid(), threading.active_count(), bool(raising)]',
        'import fine, threaded, raising',
      ),
    );
    expect(fileOf(options, 'stderr')).toBe('');
    expect(resultOf(end)).toEqual([true, 2, true]);
    expect(logged.map((line) => JSON.parse(line))).toMatchObject([
      { module: 'raising', why: 'RuntimeError: too early' },
      { module: 'threaded', why: 'starts a thread, which a forked process does not have' },
    ]);
  });

  test('belong to their virtual environment', async () => {
    await makeVirtualenv('one', { 'which.py': 'NAME = "one"\n' });
    await makeVirtualenv('two', { 'which.py': 'NAME = "two"\n' });
    const code = action('return [which.NAME, sys.prefix, os.environ["VIRTUAL_ENV"]]', 'import which');
    for (const pack of ['one', 'two', 'one']) {
      const path = join(home.path, 'virtualenvs', pack);
      expect(resultOf((await run(code, { pack })).end)).toEqual([pack, path, path]);
    }
  });

  test('are loaded again when a package is installed', async () => {
    const packages = await makeVirtualenv('demo', { 'which.py': 'NAME = "old"\n' });
    const code = action('return which.NAME', 'import which');
    expect(resultOf((await run(code)).end)).toBe('old');
    // As pip does it: another file in its place, and one more beside it.
    await writeFile(join(packages, 'which.py'), 'NAME = "newer"\n');
    await mkdir(join(packages, 'which-2.dist-info'));
    expect(resultOf((await run(code)).end)).toBe('newer');
  });

  async function makeVirtualenv(pack: string, files: Record<string, string>): Promise<string> {
    const path = join(home.path, 'virtualenvs', pack);
    const made = spawnSync('python3', ['-m', 'venv', '--without-pip', path], { encoding: 'utf8' });
    expect(made.stderr).toBe('');
    const asked = spawnSync(join(path, 'bin/python'), ['-c', 'import site; print(site.getsitepackages()[0])'], {
      encoding: 'utf8',
    });
    const packages = asked.stdout.trim();
    for (const [name, text] of Object.entries(files)) await writeFile(join(packages, name), text);
    return packages;
  }
});

describe('when a fork server is killed', () => {
  test('its actions run to their end, and the next ones get another', async () => {
    const until = join(home.path, 'go');
    const trials = await Promise.all([1, 2, 3].map(() => prepare(action(wait), { parameters: { until } })));
    const handles = await Promise.all(trials.map((trial) => begin(trial)));
    await untilTrue(() => trials.every(({ options }) => fileOf(options) === 'up\n'));
    const forkServer = parentOf(handles[0]?.pid ?? 0);
    expect(programOf(forkServer)).toContain('stormtail_forkserver.py');
    process.kill(forkServer, 'SIGKILL');
    await untilTrue(() => !isAlive(forkServer));
    const next = await prepare(action(wait), { parameters: { until } });
    const handle = await begin(next);
    await untilTrue(() => fileOf(next.options) === 'up\n');
    const later = await prepare(action(`print(os.getppid())\n${wait}`), { parameters: { until } });
    await begin(later);
    await untilTrue(() => fileOf(later.options).includes('up\n'));
    const another = Number.parseInt(fileOf(later.options), 10);
    expect(another).not.toBe(forkServer);
    expect(programOf(another)).toContain('stormtail_forkserver.py');
    await writeFile(until, '');
    for (const each of [...handles, handle]) {
      const end = await each.ended;
      expect(end).toMatchObject({ exitCode: 0, signal: undefined });
      expect(resultOf(end)).toBe('done');
    }
  });

  test('an action that is stopped afterwards is stopped, with its children', async () => {
    const trial = await prepare(
      action('import subprocess\nprint(subprocess.Popen(["sleep", "600"]).pid)\ntime.sleep(600)'),
    );
    const handle = await begin(trial);
    await untilTrue(() => fileOf(trial.options) !== '');
    const child = Number(fileOf(trial.options));
    process.kill(parentOf(handle.pid), 'SIGKILL');
    await untilTrue(() => parentOf(handle.pid) === 1 || !isAlive(handle.pid));
    handle.stop('cancel', 1_000);
    expect(await handle.ended).toMatchObject({ stopped: 'cancel', resultFile: undefined });
    expect([handle.pid, child].some(isAlive)).toBe(false);
  });
});

describe('a later server', () => {
  test('takes over what an earlier one had forked', async () => {
    const until = join(home.path, 'go');
    const trials = await Promise.all([1, 2].map(() => prepare(action(wait), { parameters: { until } })));
    const [first, second] = trials;
    if (!first || !second) throw new Error('there are two');
    const earlier = localProcesses(systemClock, createLog({ level: 'silent' }));
    for (const { plan, options } of trials) await earlier.start(plan, options);
    await untilTrue(() => trials.every(({ options }) => fileOf(options) === 'up\n'));
    earlier[Symbol.dispose]();
    const { pid = 0 } = readProcessStatus(first.options.directory);
    expect(leaderAlive(pid, first.options.directory)).toBe(true);
    // Another process of the same pid is not taken for it.
    expect(leaderAlive(process.pid, first.options.directory)).toBe(false);
    const adopted = processes.adopt(first.options);
    const stopped = processes.adopt(undefined, second.options);
    if (typeof adopted === 'string' || typeof stopped === 'string') throw new Error('not found');
    expect([adopted.pid, adopted.timeoutMs]).toEqual([pid, first.plan.timeoutMs]);
    stopped.stop('cancel', 1_000);
    expect(await stopped.ended).toMatchObject({ stopped: 'cancel', exitCode: 143, signal: 'SIGTERM' });
    await writeFile(until, '');
    const end = await adopted.ended;
    expect(end).toMatchObject({ exitCode: 0, signal: undefined, stopped: undefined });
    expect(resultOf(end)).toBe('done');
    expect(processes.adopt(first.options)).toMatchObject({ pid });
  });

  test('finds out when the process is gone without a word', async () => {
    const trial = await prepare(action('print("up")\ntime.sleep(600)'));
    const handle = await begin(trial);
    await untilTrue(() => fileOf(trial.options) === 'up\n');
    const forkServer = parentOf(handle.pid);
    process.kill(forkServer, 'SIGKILL');
    process.kill(handle.pid, 'SIGKILL');
    await untilTrue(() => !isAlive(handle.pid) && !isAlive(forkServer));
    expect(await handle.ended).toMatchObject({ exitCode: undefined, signal: 'SIGKILL' });
    expect(processes.adopt(trial.options)).toBe('gone');
  });
});
