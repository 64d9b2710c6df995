import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sampleAction } from '../../../test/support/sample-execution.ts';
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import type { KeptOutput, ProcessEnd } from '../process.ts';
import type { RunRequest } from '../runner.ts';
import { pythonScript } from './python-runner.ts';

const runner = pythonScript({
  systemUser: 'stanley',
  environment: {},
  cwd: '/',
  sdkPath: '/sdk',
  pythonBinary: 'python3',
  virtualenvsPath: '/no/virtualenvs',
  logLevel: 'DEBUG',
});
const nothing: KeptOutput = { stdout: '', stderr: '', stdoutCutBytes: 0, stderrCutBytes: 0 };

function request(wish: Partial<RunRequest> = {}): RunRequest {
  return {
    executionId: 'x',
    action: sampleAction({ ref: 'demo.it', entry_point: 'it.py', runner_type: 'python-script' }),
    runnerParameters: {},
    actionParameters: {},
    packPath: '/pack',
    user: 'ann',
    environment: {},
    token: '',
    apiUrl: '',
    config: {},
    ...wish,
  };
}

function outcome(end: Partial<ProcessEnd>) {
  const ended = { exitCode: 0, signal: undefined, stopped: undefined, resultFile: undefined, endUs: 0, timeoutMs: 1 };
  return runner.conclude(request(), { ...ended, ...end }, nothing);
}

describe('a result that is too long to be read', () => {
  const cut = (tail: string) => outcome({ resultCut: { bytes: 200_000_000, tail } });

  test('is left out, and does not fail the execution', () => {
    for (const status of ['true', 'null'])
      expect(cut(`xxx", "status": ${status}}`)).toMatchObject({
        status: 'succeeded',
        result: { result: null, result_cut: { bytes: 200_000_000, kept: 0 }, exit_code: 0 },
      });
  });

  test('still says that the action failed, where it does', () => {
    expect(cut('xxx", "status": false}')).toMatchObject({ status: 'failed', result: { result: null } });
    // What the action returned is not taken for it.
    expect(cut('{"status": false}], "status": null}').status).toBe('succeeded');
  });

  test('is told apart from none', () => {
    const { result } = outcome({});
    expect(result.result).toBe('None');
    expect(result).not.toHaveProperty('result_cut');
  });
});

test('another version of the pack, and an environment that cannot be passed on, are refused', async () => {
  await using pack = await temporaryDirectory();
  await mkdir(join(pack.path, 'actions'));
  await writeFile(join(pack.path, 'actions/it.py'), '');
  const plan = (runnerParameters: RunRequest['runnerParameters']) =>
    runner.plan(request({ packPath: pack.path, runnerParameters }));
  await expect(plan({ content_version: 'v1' })).rejects.toMatchObject({
    code: 'start_failed',
    message: 'action demo.it: content_version is not supported by this version',
  });
  await expect(plan({ env: { A: '\0' } })).rejects.toMatchObject({
    code: 'start_failed',
    message: expect.stringContaining('parameter "env", item "A" holds a NUL'),
  });
  expect(await plan({ content_version: null })).toMatchObject({ resultBytesMax: 16 * 1024 * 1024 });
});
