/** The runners that need no process: `noop` and `announcement`. */
import type { ImmediateRunner } from '../runner.ts';

export const noop: ImmediateRunner = {
  kind: 'immediate',
  run: () => ({ outcome: { status: 'succeeded', result: { failed: false, succeeded: true, return_code: 0 } } }),
};

export const announcement: ImmediateRunner = {
  kind: 'immediate',
  run({ action, runnerParameters, actionParameters }) {
    if (runnerParameters.experimental !== true && actionParameters.experimental !== true) {
      return {
        outcome: { status: 'failed', result: { error: `Experimental flag is missing for action ${action.ref}` } },
      };
    }
    const route = typeof runnerParameters.route === 'string' ? runnerParameters.route : 'general';
    return {
      outcome: { status: 'succeeded', result: { output: actionParameters, ...actionParameters } },
      announcement: { route, payload: actionParameters },
    };
  },
};
