import { spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commandAsUser, shellQuote, type UserWish } from './as-user.ts';

/** What a shell makes of words, each answered with a NUL behind it. */
function readBack(shell: string, words: readonly string[]): readonly string[] {
  const { stdout, stderr } = spawnSync(shell, ['-c', `printf '%s\\0' ${words.map(shellQuote).join(' ')}`], {
    encoding: 'utf8',
    env: { LC_ALL: 'C.UTF-8', PATH: process.env['PATH'] ?? '' },
    // A bash whose input is a socket, as Node's pipes are, takes itself for a login over the network and reads ~/.bashrc.
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 10_000,
  });
  expect(stderr).toBe('');
  return stdout.split('\0').slice(0, -1);
}

test.each(['/bin/sh', '/bin/bash'])('%s reads back exactly what was quoted', (shell) => {
  const text = fc.string({ unit: 'binary', maxLength: 40 }).map((value) => value.replaceAll('\0', ''));
  const hostile = fc.constantFrom(
    '',
    "'",
    '"',
    '`id`',
    '$(id)',
    '$HOME',
    '\\',
    '\n',
    '!',
    '~',
    '*',
    '-n',
    '; exit 1',
    "'; id; '",
    'a=b',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(text, hostile), { minLength: 1, maxLength: 20 }), (words) => {
      expect(readBack(shell, words)).toEqual(words);
    }),
    { numRuns: 60 },
  );
});

test('plain words stay readable', () => {
  expect(['ls', '/a/b_c.sh', '--name=x', 'a b', ''].map(shellQuote)).toEqual([
    'ls',
    '/a/b_c.sh',
    '--name=x',
    "'a b'",
    "''",
  ]);
});

test('a command of the server user runs without sudo, of another or of root with it', () => {
  const self = userInfo().username;
  expect(commandAsUser('id; ls', { systemUser: self, sudo: false })).toEqual({
    argv: [expect.stringMatching(/sh$/), '-c', 'id; ls'],
    signalsNeedSudo: false,
  });
  const other = commandAsUser('id', { systemUser: 'somebody-else', sudo: false });
  expect(other.argv.slice(0, 7)).toEqual([
    expect.stringMatching(/^\/.*\/sudo$/),
    ...['-E', '-n', '-H', '-u', 'somebody-else', '--'],
  ]);
  expect(other.argv.slice(-2)).toEqual(['-c', 'id']);
  expect(other).toMatchObject({ signalsNeedSudo: true });
  expect(other).not.toHaveProperty('stdin');
  if (self !== 'root')
    expect(commandAsUser('id', { systemUser: self, sudo: true }).argv.slice(0, 4)).toEqual([
      expect.stringMatching(/^\/.*\/sudo$/),
      ...['-E', '-n', '--'],
    ]);
});

test('the password for sudo goes through standard input and is in no argument', () => {
  const plan = commandAsUser('id', { systemUser: 'somebody-else', sudo: false, sudoPassword: 'Tr0ub4dor' });
  expect(plan.stdin).toBe('Tr0ub4dor\n');
  expect(plan.argv.join(' ')).not.toContain('Tr0ub4dor');
  expect(plan.argv).toContain('-S');
});

describe('a password that sudo does not ask for', () => {
  /** A sudo that asks nothing: the words behind its `--` are run as they are. */
  function unasked(wish: Pick<UserWish, 'stdin' | 'isInputOpen'>, later = '') {
    const command = 'printf "%s:" "$0" "$line"; cat';
    const { argv, stdin } = commandAsUser(command, {
      systemUser: 'somebody-else',
      sudo: false,
      sudoPassword: 'Tr0ub4dor',
      ...wish,
    });
    const [program = '', ...words] = argv.slice(argv.indexOf('--') + 1);
    const { stdout } = spawnSync(program, words, {
      encoding: 'utf8',
      input: `${stdin}${later}`,
      env: { PATH: process.env['PATH'] ?? '', line: 'kept' },
      timeout: 10_000,
    });
    expect(argv.join(' ')).not.toContain('Tr0ub4dor');
    return stdout.replace(/^\/.*?sh:/, 'shell:');
  }

  test('is not the input of the command, which has none', () => {
    expect(unasked({})).toBe('shell:kept:');
  });

  test('is not in the input of a command that has one, which is whole', () => {
    expect(unasked({ stdin: '  a\\b\n\nü' })).toBe('shell:kept:  a\\b\n\nü');
    expect(unasked({ isInputOpen: true }, 'later\n')).toBe('shell:kept:later\n');
  });
});
