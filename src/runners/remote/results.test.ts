import { expect, test } from 'vitest';
import { HeadAndTail } from './head-and-tail.ts';
import { type HostEnd, type HostResult, hostResult } from './host-result.ts';
import { runOutcome } from './run-result.ts';

const facts = { host: 'web1', user: 'ann', timeoutMs: 5_000, isRaw: false };

function resultOf(end: HostEnd, stdout = '', stderr = '', isRaw = false): HostResult {
  const output = { stdout: new HeadAndTail(64), stderr: new HeadAndTail(64) };
  output.stdout.add(Buffer.from(stdout));
  output.stderr.add(Buffer.from(stderr));
  return hostResult(end, output, { ...facts, isRaw });
}

test('a command that ended by itself has its exit code and its output, JSON as a value', () => {
  expect(resultOf({ kind: 'exited', code: 0 }, '{"a": 1}\n', 'x\r\n')).toEqual({
    failed: false,
    succeeded: true,
    return_code: 0,
    stdout: { a: 1 },
    stderr: 'x',
  });
  expect(resultOf({ kind: 'exited', code: 3 }, '10\n', '', true)).toMatchObject({
    failed: true,
    return_code: 3,
    stdout: '10',
  });
});

test('output that was cut is text, and the result says so', () => {
  const result = resultOf({ kind: 'exited', code: 0 }, `[${'1,'.repeat(50)}1]`);
  expect(result.stdout).toMatch(/bytes cut out here/);
  expect(result.cut_bytes).toEqual({ stdout: 39, stderr: 0 });
});

test.each<[HostEnd, object]>([
  [
    { kind: 'stopped', reason: 'timeout' },
    {
      timeout: true,
      return_code: -9,
      error: 'Failed executing command on host "web1". Command didn\'t finish in 5 seconds',
    },
  ],
  [
    { kind: 'stopped', reason: 'cancel', note: 'who knows' },
    { return_code: 255, error: 'canceled; who knows' },
  ],
  [
    { kind: 'stopped', reason: 'storage_full' },
    { timeout: false, error: expect.stringContaining('disk that keeps the output is full') },
  ],
  [
    { kind: 'killed', signal: 'SIGKILL' },
    {
      return_code: -9,
      timeout: false,
      error: 'Failed executing command on host "web1". It was ended there by SIGKILL',
    },
  ],
  [
    { kind: 'failed', during: 'connecting', message: 'no' },
    { return_code: 255, timeout: false, traceback: '', error: 'Failed connecting to host web1. no' },
  ],
  [{ kind: 'failed', during: 'copying', message: 'full' }, { error: 'Failed sending file(s) to host web1. full' }],
])('what ended otherwise says how, and keeps what was printed: %j', (end, expected) => {
  expect(resultOf(end, 'so far\n')).toMatchObject({ failed: true, succeeded: false, stdout: 'so far', ...expected });
});

test('a password that sudo refuses is named as such, with the user on that host', () => {
  expect(resultOf({ kind: 'exited', code: 1 }, '', 'sudo: 3 incorrect password attempts\n').error).toBe(
    'Invalid sudo password provided or sudo is not configured for this user (ann)',
  );
});

const good = resultOf({ kind: 'exited', code: 0 });
const bad = resultOf({ kind: 'exited', code: 1 });
const late = resultOf({ kind: 'stopped', reason: 'timeout' });
const dead = resultOf({ kind: 'failed', during: 'connecting', message: 'no answer' });

function statusOf(results: readonly HostResult[], allowPartialFailure = false): string {
  const answers = results.map((result, at) => ({ key: `h${at}`, isConnected: result !== dead, result }));
  return runOutcome(answers, allowPartialFailure).status;
}

test('the execution succeeds where all hosts do, or any where that is allowed', () => {
  expect(statusOf([good, good])).toBe('succeeded');
  expect(statusOf([good, bad])).toBe('failed');
  expect(statusOf([good, bad, dead], true)).toBe('succeeded');
  expect(statusOf([bad, dead], true)).toBe('failed');
});

test('it is a timeout only where every host that failed ran out of time, in whatever order', () => {
  expect(statusOf([good, late])).toBe('timeout');
  expect(statusOf([late, bad])).toBe('failed');
  expect(statusOf([bad, late])).toBe('failed');
  expect(statusOf([late, dead])).toBe('failed');
  expect(statusOf([late, good], true)).toBe('succeeded');
});

test('where no host was reached, the error has the names and what was wrong with each', () => {
  const answers = ['a', 'b:23'].map((key) => ({ key, isConnected: false, result: dead }));
  const { status, result } = runOutcome(answers, true);
  expect(status).toBe('failed');
  const error = String(result.error);
  expect(
    error.startsWith("Unable to connect to any one of the hosts: ['a', 'b:23'].\n\n connect_errors={\n  \"a\": {"),
  ).toBe(true);
  expect(JSON.parse(error.slice(error.indexOf('{')))).toEqual({ a: dead, 'b:23': dead });
  expect(result['b:23']).toEqual(dead);
});
