import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isAlive, untilTrue } from '../../../test/support/process-trial.ts';
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { remoteCommandLine, type RemoteProgram, remoteInput } from './remote-program.ts';

/** What sshd would do with it, without sshd. */
function run(commandLine: string, input: string, env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn('/bin/sh', ['-c', commandLine], { env: { PATH: process.env['PATH'] ?? '', ...env } });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes: Buffer) => {
    said.stdout += bytes.toString();
  });
  child.stderr.on('data', (bytes: Buffer) => {
    said.stderr += bytes.toString();
  });
  child.stdin.on('error', () => {}); // whoever is gone does not read
  child.stdin.write(input);
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return { child, said, ended, stop: () => child.stdin.end() };
}

interface Running {
  readonly child: ChildProcess;
  readonly said: { readonly stdout: string; readonly stderr: string };
  readonly ended: Promise<number | null>;
  stop(): void;
}

const program = (command: string, more: Partial<RemoteProgram> = {}): RemoteProgram => ({
  command,
  environment: {},
  cwd: '/',
  killGraceMs: 500,
  timeoutMs: 60_000,
  ...more,
});

const plain = remoteCommandLine('no');

/** A folder of programs that is all there is. */
async function pathOf(directory: string, names: readonly string[]): Promise<string> {
  for (const name of names) {
    const place = find(name);
    if (place) await symlink(place, join(directory, name));
  }
  return directory;
}

const basics = ['cat', 'head', 'sleep', 'rm', 'echo', 'sh', 'ls'];

test('what is asked of sshd is the same whatever the command is, and good for any login shell', () => {
  for (const sudo of ['no', 'without password', 'with password'] as const) {
    const line = remoteCommandLine(sudo);
    // fish and csh read backslashes and exclamation marks in quotes in their own ways.
    expect(line).not.toMatch(/[\\!\n]/);
    expect(line.match(/'/g)).toHaveLength(2);
  }
});

const shells = ['dash', 'bash', 'busybox', 'ksh', 'mksh', 'zsh'].filter((name) => find(name) !== undefined);

function find(name: string): string | undefined {
  return ['/bin', '/usr/bin'].map((folder) => join(folder, name)).find(existsSync);
}

test.each(shells)('it runs, ends and is stopped where /bin/sh is %s', async (shell) => {
  await using directory = await temporaryDirectory();
  // By this name, shells behave as POSIX wants it.
  await symlink(find(shell) ?? '', join(directory.path, 'sh'));
  const line = plain.replace('/bin/sh', join(directory.path, 'sh'));
  const environment = { A: 'it\'s\n"two" lines\\\n$HOME `id` \\n é', EMPTY: '' };
  const good = run(
    line,
    remoteInput(program('echo "$A[$EMPTY]"; pwd; echo bad >&2; read -r x; exit 7', { environment })),
  );
  expect(await good.ended).toBe(7);
  expect(good.said).toEqual({ stdout: `${environment.A}[]\n/\n`, stderr: 'bad\n' });
  const stopped = run(line, remoteInput(program('sleep 600 & echo $!; wait')));
  await untilTrue(() => stopped.said.stdout.includes('\n'));
  const pid = Number(stopped.said.stdout);
  stopped.stop();
  await stopped.ended;
  expect(isAlive(pid)).toBe(false);
});

test('a host whose head knows no -c has dd', async () => {
  await using directory = await temporaryDirectory();
  const PATH = await pathOf(directory.path, [...basics.filter((name) => name !== 'head'), 'dd', 'setsid']);
  const running = run(plain, remoteInput(program('echo "é fine"')), { PATH });
  expect(await running.ended).toBe(0);
  expect(running.said).toEqual({ stdout: 'é fine\n', stderr: '' });
});

test('a connection that breaks before all of the command has come runs none of it', async () => {
  await using directory = await temporaryDirectory();
  const command = `echo x > ${directory.path}/first; true ${'x'.repeat(100)}`;
  const running = run(plain, remoteInput(program(command)).slice(0, -50));
  running.stop();
  await running.ended;
  expect(existsSync(join(directory.path, 'first'))).toBe(false);
});

test('the command is read by bash where there is one, else by sh', async () => {
  await using directory = await temporaryDirectory();
  const command = 'echo "${BASH_VERSION:+bash}"';
  const withBash = run(plain, remoteInput(program(command)));
  await withBash.ended;
  expect(withBash.said.stdout).toBe('bash\n');
  const PATH = await pathOf(directory.path, [...basics, 'setsid']);
  const without = run(plain, remoteInput(program('echo "[$0]"')), { PATH });
  await without.ended;
  expect(without.said).toEqual({ stdout: '[/bin/sh]\n', stderr: '' });
});

test.each([
  ['perl', ['perl', 'bash']],
  ['python3', ['python3', 'bash']],
])('without setsid it is stopped all the same: %s', async (_, names) => {
  await using directory = await temporaryDirectory();
  const PATH = await pathOf(directory.path, [...basics, ...names]);
  const running = run(plain, remoteInput(program('echo $$; sleep 600')), { PATH });
  await untilTrue(() => running.said.stdout.includes('\n'));
  const pid = Number(running.said.stdout);
  running.stop();
  await running.ended;
  expect(isAlive(pid)).toBe(false);
  expect(running.said.stderr).toBe('');
});

test('what does not listen to TERM is killed, however deep it is, and others are left alone', async () => {
  const running = run(
    plain,
    remoteInput(program("trap '' TERM; (trap '' TERM; sleep 600; sleep 600) & echo $!; wait; wait")),
  );
  const other = run(plain, remoteInput(program('echo $$; sleep 600')));
  await untilTrue(() => running.said.stdout.includes('\n') && other.said.stdout.includes('\n'));
  running.stop();
  await running.ended;
  expect(isAlive(Number(running.said.stdout))).toBe(false);
  expect(isAlive(Number(other.said.stdout))).toBe(true);
  other.stop();
  await other.ended;
});

test('nobody being there any more, it stops itself', async () => {
  const running = run(plain, remoteInput(program('sleep 600', { timeoutMs: 1_000 })));
  expect(await running.ended).toBe(143);
});

test('its directory is removed at the end, and the command is not in what it leaves', async () => {
  await using directory = await temporaryDirectory();
  const own = join(directory.path, "it's one");
  await mkdir(own);
  const running = run(plain, remoteInput(program('ls; echo x > y', { cwd: own, directory: own })));
  expect(await running.ended).toBe(0);
  expect(existsSync(own)).toBe(false);
});

/** As sudo does: without a need for the password it does not read it, else a line, byte by byte. */
const sudo = `#!/bin/sh
if [ -n "$ASKS" ]; then
  IFS= read -r given
  if [ "$given" != right ]; then echo 'sudo: 1 incorrect password attempt' >&2; exit 1; fi
fi
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
`;

test.each([
  ['asked for', { ASKS: 'yes' }, 'right', 0],
  ['not asked for', {}, 'right', 0],
  ['wrong', { ASKS: 'yes' }, 'wrong', 1],
])('a password for sudo that is %s', async (_, env, password, code) => {
  await using directory = await temporaryDirectory();
  await writeFile(join(directory.path, 'sudo'), sudo);
  await chmod(join(directory.path, 'sudo'), 0o755);
  const PATH = `${directory.path}:${process.env['PATH'] ?? ''}`;
  const running = run(remoteCommandLine('with password'), remoteInput(program('read -r x; echo "[$x]"'), password), {
    ...env,
    PATH,
  });
  running.child.stdin?.write('not for the command\n');
  expect(await running.ended).toBe(code);
  expect(running.said.stdout).toBe(code === 0 ? '[]\n' : '');
  expect(running.said.stderr).toBe(code === 0 ? '' : 'sudo: 1 incorrect password attempt\n');
});
