import { mkdir, stat, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sampleAction } from '../../../test/support/sample-execution.ts';
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import type { RunRequest } from '../runner.ts';
import { localShellCommand, localShellScript, timeoutMs } from './shell-runners.ts';

const options = { systemUser: userInfo().username, environment: { PATH: '/bin', LEAK: 'x' }, cwd: '/default' };

function request(wish: Partial<RunRequest>): RunRequest {
  return {
    executionId: 'x',
    action: sampleAction({ ref: 'demo.it' }),
    runnerParameters: {},
    actionParameters: {},
    packPath: '/pack',
    user: 'ann',
    environment: { ST2_ACTION_EXECUTION_ID: 'x' },
    token: '',
    apiUrl: '',
    config: {},
    ...wish,
  };
}

describe('a command', () => {
  const plan = (runnerParameters: RunRequest['runnerParameters'], wish: Partial<RunRequest> = {}) =>
    localShellCommand(options).plan(request({ runnerParameters, ...wish }));

  test('is read by a shell, in the directory, environment and time it asks for', async () => {
    expect(await plan({ cmd: 'a && b', cwd: '/there', env: { A: 'b' }, timeout: 5 })).toEqual({
      argv: [expect.stringMatching(/sh$/), '-c', 'a && b'],
      environment: { PATH: '/bin', A: 'b', ST2_ACTION_EXECUTION_ID: 'x' },
      cwd: '/there',
      timeoutMs: 5_000,
      signalsNeedSudo: false,
    });
    expect(await plan({ cmd: 'a', cwd: '' })).toMatchObject({ cwd: '/default', timeoutMs: 60_000 });
  });

  test('that is empty, or of an action with an entry point, is refused', async () => {
    await expect(plan({})).rejects.toMatchObject({
      code: 'start_failed',
      message: expect.stringContaining('demo.it: parameter "cmd"'),
    });
    await expect(
      plan({ cmd: 'a' }, { action: sampleAction({ ref: 'demo.it', entry_point: 'a.sh' }) }),
    ).rejects.toMatchObject({
      code: 'start_failed',
      message: expect.stringContaining('use local-shell-script for "a.sh"'),
    });
  });

  test('has the input that it asks for: a text, one that stays open, a terminal', async () => {
    expect(await plan({ cmd: 'a', stdin: 'text' })).toMatchObject({ stdin: 'text' });
    expect(await plan({ cmd: 'a', stdin: '' })).not.toHaveProperty('stdin');
    expect(await plan({ cmd: 'a', stdin: 'text', interactive: true })).toMatchObject({
      stdin: 'text',
      isInputOpen: true,
    });
    const usual = await plan({ cmd: 'a', tty: true });
    expect(usual).toMatchObject({ isInputOpen: true, terminal: { columns: 120, rows: 40 } });
    expect(usual.environment).toMatchObject({ TERM: 'xterm-256color', COLUMNS: '120', LINES: '40' });
    const own = await plan({ cmd: 'a', tty: true, env: { COLUMNS: 90, LINES: 'many', TERM: 'vt100' } });
    expect(own.terminal).toEqual({ columns: 90, rows: 40 });
    expect(own.environment).toMatchObject({ TERM: 'vt100', COLUMNS: '90' });
  });

  test('is asked by sudo at its terminal, and cannot be given the password before', async () => {
    const other = localShellCommand({ ...options, systemUser: 'somebody-else' });
    const planOther = (runnerParameters: RunRequest['runnerParameters']) => other.plan(request({ runnerParameters }));
    expect((await planOther({ cmd: 'a' })).argv).toContain('-n');
    expect((await planOther({ cmd: 'a', tty: true })).argv).not.toContain('-n');
    expect(await planOther({ cmd: 'a', interactive: true, sudo_password: 'p', stdin: 'more' })).toMatchObject({
      stdin: expect.stringMatching(/^p\n.+\nmore$/),
      isInputOpen: true,
    });
    await expect(planOther({ cmd: 'a', tty: true, sudo_password: 'p' })).rejects.toMatchObject({
      code: 'start_failed',
      message: expect.stringContaining('sudo_password cannot be used with tty'),
    });
  });

  test('starts below the default directory where its own is relative', async () => {
    expect(await plan({ cmd: 'a', cwd: 'sub/../there' })).toMatchObject({ cwd: '/default/there' });
  });

  test.each([
    ['cmd', { cmd: 'echo a\0b' }, 'parameter "cmd" holds a NUL'],
    ['cwd', { cmd: 'a', cwd: '/a\0b' }, 'parameter "cwd" holds a NUL'],
    ['env', { cmd: 'a', env: { A: 'a\0b' } }, 'parameter "env", item "A" holds a NUL'],
    ['a name in env', { cmd: 'a', env: { 'A\0': 'a' } }, 'a name in parameter "env" holds a NUL'],
    ['half a character', { cmd: 'echo \ud83d' }, 'parameter "cmd" is no valid Unicode'],
  ])(
    'that no process could be given as it is, is refused with the name of the parameter: %s',
    async (_, given, message) => {
      await expect(plan(given)).rejects.toMatchObject({
        code: 'start_failed',
        message: expect.stringContaining(`action demo.it: ${message}`),
      });
    },
  );

  test('passes a password for sudo by standard input only', async () => {
    const planned = await localShellCommand({ ...options, systemUser: 'somebody-else' }).plan(
      request({ runnerParameters: { cmd: 'id', sudo_password: 'Tr0ub4dor' } }),
    );
    expect(planned.stdin).toBe('Tr0ub4dor\n');
    expect(JSON.stringify({ ...planned, stdin: '' })).not.toContain('Tr0ub4dor');
  });
});

describe('a script', () => {
  test('is made executable and gets its parameters as words that no shell reads again', async () => {
    await using pack = await temporaryDirectory();
    await mkdir(join(pack.path, 'actions'));
    const path = join(pack.path, 'actions/my script.sh');
    await writeFile(path, '', { mode: 0o644 });
    const action = sampleAction({
      ref: 'demo.it',
      entry_point: 'my script.sh',
      parameters: { named: { type: 'string' }, first: { type: 'string', position: 0 } },
    });
    const planned = await localShellScript(options).plan(
      request({ action, packPath: pack.path, actionParameters: { named: '$(id)', first: 'it is' } }),
    );
    expect((await stat(path)).mode & 0o111).toBe(0o111);
    expect(planned.argv.at(-1)).toBe(`'${path}' '--named=$(id)' 'it is'`);
  });
});

test('a script is refused another version of its pack, and arguments that cannot be passed on', async () => {
  const script = (wish: Partial<RunRequest>) => localShellScript(options).plan(request(wish));
  await expect(script({ runnerParameters: { content_version: 'v1' } })).rejects.toMatchObject({
    code: 'start_failed',
    message: 'action demo.it: content_version is not supported by this version',
  });
  await expect(script({ actionParameters: { text: 'a\0' } })).rejects.toMatchObject({
    code: 'start_failed',
    message: expect.stringContaining('parameter "text" holds a NUL'),
  });
  // Not set is not asked for.
  await expect(script({ runnerParameters: { content_version: null } })).rejects.toMatchObject({
    message: expect.stringContaining('needs an entry_point'),
  });
});

test('a timeout is in seconds, has a default, and never more than a timer can hold', () => {
  expect([
    timeoutMs(1.5, 60),
    timeoutMs(undefined, 60),
    timeoutMs(0, 60),
    timeoutMs(-1, 60),
    timeoutMs('9', 60),
  ]).toEqual([1_500, 60_000, 60_000, 60_000, 60_000]);
  expect(timeoutMs(1e12, 60)).toBe(2 ** 31 - 1);
});
