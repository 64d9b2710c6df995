import { describe, expect, test } from 'vitest';
import { sampleAction } from '../../../test/support/sample-execution.ts';
import type { KeptOutput, ProcessEnd } from '../process.ts';
import type { RunRequest } from '../runner.ts';
import { shellOutcome } from './shell-result.ts';

const ended: ProcessEnd = {
  exitCode: 0,
  signal: undefined,
  stopped: undefined,
  resultFile: undefined,
  endUs: 0,
  timeoutMs: 2_500,
};
const nothing: KeptOutput = { stdout: '', stderr: '', stdoutCutBytes: 0, stderrCutBytes: 0 };

function outcome(end: Partial<ProcessEnd>, kept: Partial<KeptOutput> = {}, action: { raw_stdout?: boolean } = {}) {
  const request: RunRequest = {
    executionId: 'x',
    action: sampleAction(action),
    runnerParameters: {},
    actionParameters: {},
    packPath: '/pack',
    user: 'ann',
    environment: {},
    token: '',
    apiUrl: '',
    config: {},
  };
  return shellOutcome(request, { ...ended, ...end }, { ...nothing, ...kept });
}

describe('what the end of a command means', () => {
  test.each([
    ['exit 0', {}, 'succeeded', 0, undefined],
    ['exit 3', { exitCode: 3 }, 'failed', 3, undefined],
    [
      'somebody sent TERM',
      { exitCode: 143, signal: 'SIGTERM' },
      'abandoned',
      -15,
      /SIGTERM, which the server did not send/,
    ],
    ['somebody sent KILL', { exitCode: 137, signal: 'SIGKILL' }, 'failed', -9, /SIGKILL \(somebody killed it/],
    ['a crash', { exitCode: 139, signal: 'SIGSEGV' }, 'failed', -11, /^ended by SIGSEGV$/],
    ['the whole group was killed', { exitCode: undefined, signal: 'SIGKILL' }, 'failed', -9, /SIGKILL/],
    [
      'its time was up',
      { stopped: 'timeout', exitCode: 143, signal: 'SIGTERM' },
      'timeout',
      -9,
      /^Action failed to complete in 2.5 seconds$/,
    ],
    ['its time was up, but it ended well', { stopped: 'timeout' }, 'timeout', -9, /in 2.5 seconds$/],
    ['canceled', { stopped: 'cancel', exitCode: 143, signal: 'SIGTERM' }, 'failed', -15, /^canceled$/],
    ['no room', { stopped: 'storage_full', exitCode: 143, signal: 'SIGTERM' }, 'failed', -15, /disk .* is full/],
  ] as const)('%s', (_name, end, status, returnCode, error) => {
    const { status: got, result } = outcome(end);
    expect(got).toBe(status);
    expect(result).toMatchObject({
      return_code: returnCode,
      succeeded: status === 'succeeded',
      failed: status !== 'succeeded',
    });
    if (error) expect(result.error).toMatch(error);
    else expect(result).not.toHaveProperty('error');
    expect('signal' in result).toBe('signal' in end && !('stopped' in end));
  });

  test('what could not be killed is told, beside why it was to be', () => {
    const note = 'some of its processes could not be killed (they run as another user)';
    const { status, result } = outcome({ stopped: 'timeout', exitCode: undefined, signal: undefined, unkilled: true });
    expect([status, result.error]).toEqual(['timeout', `Action failed to complete in 2.5 seconds; ${note}`]);
    expect(outcome({ exitCode: 0, unkilled: true }).result.error).toBe(note);
  });

  test('a password that sudo refuses is said to be one', () => {
    for (const stderr of [
      'sudo: 1 incorrect password attempt',
      'x\nsudo: a password is required\n',
      'sudo: no password was provided',
    ]) {
      expect(outcome({ exitCode: 1 }, { stderr }).result.error).toBe(
        'Invalid sudo password provided or sudo is not configured for this user (ann)',
      );
      expect(outcome({}, { stderr }).result).not.toHaveProperty('error');
    }
  });
});

describe('the texts of a result', () => {
  test.each([
    ['a\n', 'a'],
    ['a\r\n', 'a'],
    ['a\n\n', 'a\n'],
    ['\n', ''],
    ['', ''],
    [' a', ' a'],
    ['{"a": [1]}\n', { a: [1] }],
    ['[1, 2]', [1, 2]],
    ['10\n', 10],
    ['-1.5', -1.5],
    ['"text"', 'text'],
    ['true', true],
    ['null\n', null],
    ['{"a": 1} and more', '{"a": 1} and more'],
    ['10 apples', '10 apples'],
    ['truer', 'truer'],
    ['2024-07-31', '2024-07-31'],
    ['{', '{'],
  ])('%j becomes %j', (text, value) => {
    const { result } = outcome({}, { stdout: text, stderr: text });
    expect([result.stdout, result.stderr]).toEqual([value, value]);
  });

  test('an action can keep its texts as texts', () => {
    expect(outcome({}, { stdout: '10\n' }, { raw_stdout: true }).result.stdout).toBe('10');
  });

  test('what was cut is no value any more, and the result says how much is missing', () => {
    const { result } = outcome({}, { stdout: '10\n', stdoutCutBytes: 5 });
    expect(result).toMatchObject({ stdout: '10', cut_bytes: { stdout: 5, stderr: 0 } });
    expect(outcome({}, {}).result).not.toHaveProperty('cut_bytes');
  });
});
