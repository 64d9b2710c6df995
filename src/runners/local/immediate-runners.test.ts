import { describe, expect, test } from 'vitest';
import { sampleAction } from '../../../test/support/sample-execution.ts';
import type { RunRequest } from '../runner.ts';
import { announcement, noop } from './immediate-runners.ts';

function request(wish: Partial<RunRequest> = {}): RunRequest {
  return {
    executionId: 'x',
    action: sampleAction({ ref: 'core.announcement' }),
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

test('noop succeeds and says nothing', () => {
  expect(noop.run(request())).toEqual({
    outcome: { status: 'succeeded', result: { failed: false, succeeded: true, return_code: 0 } },
  });
});

describe('announcement', () => {
  test('announces its parameters on its route, or the general one', () => {
    const actionParameters = { message: 'hello', n: 1 };
    const run = (runnerParameters: RunRequest['runnerParameters']) =>
      announcement.run(request({ runnerParameters, actionParameters })).announcement;
    expect(run({ experimental: true, route: 'chat.ops' })).toEqual({ route: 'chat.ops', payload: actionParameters });
    expect(run({ experimental: true })).toEqual({ route: 'general', payload: actionParameters });
  });

  test('without its flag it fails, says why, and announces nothing', () => {
    const { outcome, announcement: said } = announcement.run(request({ runnerParameters: { route: 'a' } }));
    expect(outcome).toEqual({
      status: 'failed',
      result: { error: 'Experimental flag is missing for action core.announcement' },
    });
    expect(said).toBeUndefined();
  });
});
