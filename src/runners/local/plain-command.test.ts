/** Plain commands in a slot do what a bash does with them, to the byte. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileOf, optionsIn, planOf } from '../../../test/support/process-trial.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { systemClock } from '../../base/clock.ts';
import type { ProcessHandle, ProcessOptions, ProcessPlan } from '../process.ts';
import { plainCommandLines } from './plain-command.ts';
import { ShellLauncher } from './shell-launcher.ts';
import { ShellSlots } from './shell-slots.ts';

let home: TemporaryDirectory;
let launcher: ShellLauncher;
let slots: ShellSlots;

beforeAll(async () => {
  home = await temporaryDirectory();
  launcher = new ShellLauncher('/bin/bash', systemClock);
  slots = new ShellSlots({ bash: '/bin/bash', clock: systemClock, slotsMax: 4, launcher });
  mkdirSync(join(home.path, 'real'));
  symlinkSync('real', join(home.path, 'link'));
  const script = (name: string, text: string, mode = 0o755) => {
    writeFileSync(join(home.path, 'real', name), text);
    chmodSync(join(home.path, 'real', name), mode);
  };
  script('with-line', '#!/bin/sh\necho "$0" "$@"; exit 3\n');
  script('without-line', 'echo "$0" "$@"; exit 4\n');
  script('not-executable', 'echo no\n', 0o644);
  script('wrong-line', '#!/there/is/no/such\n');
  script('killed', '#!/bin/sh\nkill -9 $$\n');
  mkdirSync(join(home.path, 'real', 'directory'));
});

afterAll(async () => {
  slots[Symbol.dispose]();
  launcher[Symbol.dispose]();
  await home[Symbol.asyncDispose]();
});

type Starter = { start(plan: ProcessPlan, options: ProcessOptions): Promise<ProcessHandle> };

async function outcome(by: Starter, command: string) {
  const options = optionsIn(home.path);
  const environment = { PATH: process.env['PATH'] ?? '', HOME: '/', A: 'b', LC_ALL: 'C.UTF-8' };
  const plan = { ...planOf(home.path, command), environment, cwd: join(home.path, 'link') };
  const { exitCode, signal } = await (await by.start(plan, options)).ended;
  const lines = (text: string) =>
    text
      .replace(/^_=.*\n/m, '')
      .split('\n')
      .sort()
      .join('\n');
  // `bash: line 1:` or the name of the shell that stands for it.
  const stderr = fileOf(options, 'stderr').replace(/^\S+: line \d+: /gm, 'bash: ');
  return { exitCode, signal, stdout: lines(fileOf(options)), stderr };
}

test.each([
  ':',
  'true',
  'false',
  'echo',
  'echo a  b',
  'echo -n a',
  'echo -e a',
  'env',
  '/usr/bin/env',
  'pwd -P',
  '/bin/pwd',
  'ls -a',
  'cat with-line without-line',
  'head -c 3 with-line',
  './with-line a b',
  './without-line a b',
  './not-executable',
  './wrong-line',
  './killed',
  './directory',
  '/',
  '.',
  'no-such-program x',
  './no/such',
  'ls no-such-file',
  'sleep 0.01',
  'readlink /proc/self/cwd',
  'readlink /proc/self/fd/0',
  'ls /proc/self/fd',
  'date +%Y',
  'seq 5',
  'test 1',
  'exit 7',
  'time',
  'umask',
  'git --version',
])('%s', async (command) => {
  expect(await outcome(slots, command)).toEqual(await outcome(launcher, command));
});

describe('left to a bash', () => {
  test.each([
    'a=b',
    'a=b env',
    'echo $HOME',
    'echo *',
    'echo ~',
    'echo a; echo b',
    "echo 'a'",
    'echo a # b',
    'echo a\necho b',
    'echo {a,b}',
    'echo !',
    'printf %s',
    'cd /',
    './run',
    'bin/run',
    'exec ls',
    'if',
    '',
    ' ls',
  ])('%j', (command) => {
    expect(plainCommandLines(['/bin/bash', '-c', command])).toBeUndefined();
  });

  test('what is more than a command for a bash', () => {
    expect(plainCommandLines(['/bin/sh', '-c', 'ls'])).toBeUndefined();
    expect(plainCommandLines(['/bin/bash', '-c', 'ls', 'x'])).toBeUndefined();
    expect(plainCommandLines(['/usr/bin/env', '--', 'BASH_ENV=x', '/bin/bash', '-c', 'ls'])).toBeUndefined();
  });
});
