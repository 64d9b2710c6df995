/** What a runner is asked, from the stored execution. */
import type { Execution } from '../core/model/execution.ts';
import { finalParameters } from '../core/params/final-parameters.ts';
import type { Context } from '../operations/context.ts';
import type { RunRequest } from '../runners/runner.ts';

export async function runRequest(
  context: Context,
  execution: Execution,
  { token, config }: Pick<RunRequest, 'token' | 'config'>,
): Promise<RunRequest> {
  const { action, runner, parameters } = execution;
  const { settings, store } = context;
  const { user } = execution.context;
  const pack = await store.content.findPack(action.pack);
  const split = finalParameters({ runner, action, live: parameters });
  return {
    executionId: execution.id,
    action,
    runnerParameters: split.runner,
    actionParameters: split.action,
    packPath: pack?.path ?? settings.home,
    user,
    environment: {
      ST2_ACTION_PACK_NAME: action.pack,
      ST2_ACTION_EXECUTION_ID: execution.id,
      ST2_ACTION_API_URL: settings.apiUrl,
      ST2_ACTION_AUTH_TOKEN: token,
      ST2_ACTION_DEBUG: split.runner.debug === true ? 'True' : 'False',
    },
    token,
    apiUrl: settings.apiUrl,
    config,
  };
}
