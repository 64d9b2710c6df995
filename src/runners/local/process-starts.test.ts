/** What a process is given arrives exactly, or is refused: whatever is in it, and by every way of starting. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { rmdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileOf, optionsIn, planOf } from '../../../test/support/process-trial.ts';
import { allWays, openWay, type Way, waysOfBash } from '../../../test/support/process-ways.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import type { ProcessOptions, ProcessPlan } from '../process.ts';

let home: TemporaryDirectory;

beforeEach(async () => {
  home = await temporaryDirectory();
});

afterEach(async () => {
  await home[Symbol.asyncDispose]();
});

const character = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  fc.constantFrom(...'\'"`$\\\n\r\t !~*?[]{}()<>|&;#=-%^\u0001\u007f\u0080\u00ff\u2028\ufeff\u{1f600}'),
);
const text = fc.string({ unit: character, maxLength: 30 }).map((value) => value.replaceAll('\0', ''));
const hostile = fc.constantFrom(
  '',
  '-',
  '--',
  '-n',
  '-e x',
  '$(id)',
  '`id`',
  "'",
  "';exit 1;'",
  'a\n',
  '\n',
  '\\',
  '~',
  '() { :; }',
);
const value = fc.oneof(text, hostile);
// What shells keep for themselves, or let nobody set, is as good a name as any other.
const special = fc.constantFrom(
  ...[
    '_',
    'PWD',
    'OLDPWD',
    'SHLVL',
    'IFS',
    'UID',
    'EUID',
    'PPID',
    'RANDOM',
    'SECONDS',
    'LINENO',
    'BASH_ENV',
    'ENV',
    'PS4',
  ],
  ...[
    'SHELLOPTS',
    'BASHOPTS',
    'BASHPID',
    'POSIXLY_CORRECT',

    'FUNCNAME',
    'GROUPS',
    'LC_ALL',
    'LANG',
    'CDPATH',
  ],
  ...[
    '-x',
    '--help',
    '-i',
    '-S',
    'WITH-DASH',
    '1',
    'a b',
    'BASH_FUNC_x%%',
    'é',
    'a\nb',
    's',
    'p',
    'HISTFILE',
    'TMOUT',
    '__proto__',
    'constructor',
    'BASH_XTRACEFD',
  ],
);
const variableName = fc.oneof(
  special,
  text.map((each) => each.replaceAll('=', '')).filter((each) => each !== ''),
);

/** What the kernel says was handed over, before any program had a look at it. */
const cut = '<~cut~>';
const reading = ['cat /proc/$$/cmdline', 'cat /proc/$$/environ', 'readlink -n /proc/$$/cwd', 'cat'].join(
  "; printf '<~%s~>' cut; ",
);

describe.each(allWays)('a process started %s', (name) => {
  let way: Way;
  beforeEach(() => {
    way = openWay(name);
  });
  afterEach(() => way[Symbol.dispose]());
  const start = (plan: ProcessPlan, options: ProcessOptions) => way.start(plan, options);

  test('gets its arguments, environment, directory and input to the byte', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(value, { maxLength: 6 }),
        fc.dictionary(variableName, value, { maxKeys: 8 }),
        text.map((each) => `d${each.replaceAll('/', '')}`),
        value,
        async (words, environment, directory, stdin) => {
          const cwd = join(home.path, directory);
          await mkdir(cwd, { recursive: true });
          const options = optionsIn(home.path);
          const argv = ['/bin/sh', '-c', reading, 'name', ...words];
          const path = { PATH: process.env['PATH'] ?? '' };
          const handle = await start(
            { ...planOf(home.path, ''), argv, environment: { ...environment, ...path }, cwd, stdin },
            options,
          );
          expect(await handle.ended).toMatchObject({ exitCode: 0 });
          const [line, given, where, input] = fileOf(options).split(cut);
          expect(line).toBe([...argv, ''].join('\0'));
          const variables = given?.split('\0');
          for (const [key, wanted] of Object.entries({ ...environment, ...path }))
            expect(variables).toContain(`${key}=${wanted}`);
          expect(where).toBe(cwd);
          expect(input).toBe(stdin);
        },
      ),
      { numRuns: 50 },
    );
  }, 60_000);

  test.each([
    ['an argument', { argv: ['/bin/echo', 'a\0b'] }, 'argument 1 of the command holds a NUL'],
    ['a variable', { environment: { A: 'a\0b' } }, 'variable "A" in "env" holds a NUL'],
    ['the name of a variable', { environment: { 'A\0B': '' } }, 'the name of a variable in "env" holds a NUL'],
    ['the directory', { cwd: '/tmp\0/x' }, 'the working directory ("cwd") holds a NUL'],
    ['half a character', { environment: { A: '\ud83d' } }, 'variable "A" in "env" is no valid Unicode'],
    ['a name without letters', { environment: { '': 'x' } }, 'variable "" in "env": a name may be neither empty'],
    ['a name that is none', { environment: { 'A=B': 'x' } }, 'variable "A=B" in "env": a name may be neither empty'],
  ])('is refused what cannot be handed over: %s', async (_, wish, message) => {
    const options = optionsIn(home.path);
    await expect(start(planOf(home.path, 'echo ran', wish), options)).rejects.toMatchObject({
      code: 'start_failed',
      message: expect.stringContaining(message),
    });
    expect(fileOf(options)).toBe('');
  });

  test('is refused an execution directory that no file system can hold', async () => {
    const options = { ...optionsIn(home.path), directory: `${home.path}/a\0b` };
    await expect(start(planOf(home.path, 'true'), options)).rejects.toMatchObject({ code: 'start_failed' });
  });

  test('leaves neither script nor input behind, also where it was not started', async () => {
    const options = optionsIn(home.path);
    await (await start(planOf(home.path, 'true', { stdin: 'secret' }), options)).ended;
    expect(await secrets(options)).toEqual([]);
    if (name === 'in a slot') return; // writes no script
    // A directory in the place of the script: writing that fails, after the input was written.
    const other = optionsIn(home.path);
    await mkdir(join(other.directory, 'run'), { recursive: true });
    await expect(start(planOf(home.path, 'true', { stdin: 'secret' }), other)).rejects.toThrow();
    expect((await readdir(other.directory)).sort()).not.toContain('stdin');
  });

  test('finds the programs that we add ourselves where the system keeps them, whatever its PATH says', async () => {
    const options = optionsIn(home.path);
    await mkdir(join(home.path, 'bin'));
    await writeFile(join(home.path, 'bin/env'), '#!/bin/sh\necho stolen\n', { mode: 0o755 });
    const environment = { PATH: `${home.path}/bin:/usr/bin:/bin`, 'WITH-DASH': 'x' };
    const plan = planOf(home.path, '', { argv: ['/bin/cat', '/proc/self/environ'], environment });
    expect(await (await start(plan, options)).ended).toMatchObject({ exitCode: 0 });
    expect(fileOf(options)).toContain('WITH-DASH=x');
  });
});

test.each(waysOfBash)('a directory that may not be entered any more: started %s, the action says so', async (name) => {
  using way = openWay(name);
  const options = optionsIn(home.path);
  await mkdir(join(home.path, 'there'));
  // Removed between check and start, before the shell gets to it.
  const waiting = way.start(planOf(home.path, 'true', { cwd: join(home.path, 'there') }), options);
  rmdirSync(join(home.path, 'there'));
  const handle = await waiting;
  expect(await handle.ended).toMatchObject({ exitCode: 1 });
  expect(fileOf(options, 'stderr')).toMatch(/cd: .*there: No such file or directory/);
});

async function secrets(options: ProcessOptions): Promise<readonly string[]> {
  const names: string[] = [];
  for (const each of await readdir(options.directory)) if (fileOf(options, each).includes('secret')) names.push(each);
  return names;
}
