/**
 * The Python side, tested in Python: the wrapper as a process of its own, and the packages that packs import. This file
 * runs those tests with every Python there is, and then the Python actions of our own packs.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');

/** The oldest we support, and what the machine calls Python; each only if it is there. */
const pythons = await present(['python3', 'python3.8']);

if (pythons.length === 0) {
  if (process.env['CI']) throw new Error('python3 is missing, and in CI the Python side must be tested');
  process.stderr.write('SKIPPED: test/integration/python-wrapper.test.ts needs python3, which is not installed\n');
}

describe.skipIf(pythons.length === 0).each(pythons)('%s', (python) => {
  let scratch = '';
  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'stormtail-python-'));
  });
  afterAll(() => rm(scratch, { recursive: true, force: true }));

  test('the tests of the wrapper and the SDK', { timeout: 120_000 }, async () => {
    const { code, stderr } = await attempt(python, ['-B', '-m', 'unittest', 'discover', '-t', '.', '-s', 'tests'], {
      cwd: join(root, 'python'),
    });
    expect(`${stderr}\nexit ${code}`).toMatch(/Ran \d{2,} tests[\s\S]*OK\n\nexit 0$/);
  });

  /** Runs an action of a bundled pack and gives what it handed over. */
  async function runBundled(pack: string, file: string, parameters: Record<string, unknown>) {
    const resultFile = join(scratch, `${file}.json`);
    const order = { file_path: join(root, 'packs', pack, 'actions', file), pack, parameters };
    const ended = await attempt(python, ['-B', '-u', join(root, 'python', 'stormtail_action.py')], {
      environment: { STORMTAIL_RESULT_FILE: resultFile },
      stdin: JSON.stringify(order),
    });
    expect(ended.code, ended.stderr).toBe(0);
    const answer: unknown = JSON.parse(await readFile(resultFile, 'utf8'));
    return { ...ended, answer };
  }

  test('core.uuid and core.pause', async () => {
    const uuid = await runBundled('core', 'generate_uuid.py', { uuid_type: 'uuid1' });
    expect(uuid.answer).toEqual({ result: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-1/), status: null });
    const pause = await runBundled('core', 'pause.py', { max_pause: 0, random: false });
    expect(pause.answer).toEqual({ result: 0, status: null });
  });

  test('examples: lines in turn, a bar in one line, bytes that are no text, a status', async () => {
    const lines = await runBundled('examples', 'print_to_stdout_and_stderr.py', { count: 4, sleep_delay: 0 });
    expect(lines.stdout).toBe('stdout -> Line: 2\nstdout -> Line: 4\n');
    expect(lines.stderr).toBe('stderr -> Line: 1\nstderr -> Line: 3\n');
    const bar = await runBundled('examples', 'progress_bar.py', { seconds: 0 });
    expect(bar.stdout.split('\r')).toHaveLength(52);
    const unicode = await runBundled('examples', 'unicode.py', {});
    expect(unicode.stdout).toContain('in two pieces: €\n');
    expect(unicode.stdout).toContain('\ufffd');
    const tuple = await runBundled('examples', 'status_tuple.py', { succeed: false });
    expect(tuple.answer).toEqual({ result: { reason: 'you asked for it' }, status: false });
    const big = await runBundled('examples', 'big_result.py', { megabytes: 1 });
    expect(JSON.stringify(big.answer).length).toBeGreaterThan(900_000);
  });
});

interface Attempt {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function attempt(
  command: string,
  args: readonly string[],
  options: { cwd?: string; environment?: Record<string, string>; stdin?: string } = {},
): Promise<Attempt> {
  const started = run(command, args, {
    cwd: options.cwd ?? root,
    env: { ...process.env, PYTHONIOENCODING: 'utf-8', ...options.environment },
    maxBuffer: 50_000_000,
    timeout: 100_000,
  });
  started.child.stdin?.on('error', () => {}); // who ends before it has read tells more by its exit code
  started.child.stdin?.end(options.stdin ?? '');
  try {
    return { code: 0, ...(await started) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: number; stdout?: string; stderr?: string }; // execFile's own error
    return { code: typeof code === 'number' ? code : -1, stdout: stdout ?? '', stderr: stderr ?? String(error) };
  }
}

async function present(commands: readonly string[]): Promise<string[]> {
  const answers = await Promise.all(commands.map((command) => attempt(command, ['--version'])));
  return commands.filter((_, index) => answers[index]?.code === 0);
}
