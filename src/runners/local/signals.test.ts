import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { signalNumber, signalOfExitCode } from './signals.ts';

test.each(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGABRT', 'SIGKILL', 'SIGSEGV', 'SIGPIPE', 'SIGTERM'] as const)(
  '%s is told from what a shell says of it',
  (signal) => {
    const { status } = spawnSync('/bin/sh', ['-c', `sh -c 'ulimit -c 0; kill -${signal.slice(3)} $$'; exit $?`], {
      timeout: 10_000,
    });
    expect(signalOfExitCode(status ?? 0)).toBe(signal);
    expect(signalNumber(signal)).toBe(constants.signals[signal]);
  },
);

test('exit codes of programs are no signals', () => {
  for (const code of [0, 1, 2, 126, 127, 128, 255, 128 + constants.signals.SIGCHLD, 128 + constants.signals.SIGWINCH])
    expect(signalOfExitCode(code)).toBeUndefined();
});

test('a name that is no signal has no number', () => {
  expect(signalNumber('SIGNOTHING')).toBe(0);
});
