/** The runners `local-shell-cmd` and `local-shell-script`. */
import { resolve } from 'node:path';
import { isObject } from '../../base/json.ts';
import { scriptArguments } from '../../core/params/script-arguments.ts';
import type { ProcessLimits, ProcessPlan } from '../process.ts';
import type { ProcessRunner, RunRequest } from '../runner.ts';
import { commandAsUser, shellQuote } from './as-user.ts';
import { childEnvironment } from './child-environment.ts';
import { entryPointPath, makeExecutable } from './entry-point.ts';
import { inputPlan, requireNoPassword, terminalEnvironment } from './input-plan.ts';
import { limitsPlan } from './limits-plan.ts';
import { shellOutcome } from './shell-result.ts';
import { requirePassable } from './start-checks.ts';
import { Fault } from '../../base/errors.ts';

export interface LocalRunnerOptions {
  /** User that local commands run as. */
  readonly systemUser: string;
  /** The server's own environment, of which a child inherits a few variables. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where commands run that name no `cwd`. */
  readonly cwd: string;
  /** For processes that name no `limits`; 0 is no limit. */
  readonly limits?: ProcessLimits;
}

export function localShellCommand(options: LocalRunnerOptions): ProcessRunner {
  return {
    kind: 'process',
    async plan(request) {
      if (request.action.entry_point !== '') {
        throw new Fault(
          'start_failed',
          `action ${request.action.ref}: runner local-shell-cmd takes no entry_point; use local-shell-script for "${request.action.entry_point}"`,
        );
      }
      const command = request.runnerParameters.cmd;
      if (typeof command !== 'string' || command === '')
        throw new Fault('start_failed', `action ${request.action.ref}: parameter "cmd" is empty`);
      requireTexts(request, { cmd: command });
      return shellPlan(command, request, options);
    },
    conclude: shellOutcome,
  };
}

export function localShellScript(options: LocalRunnerOptions): ProcessRunner {
  return {
    kind: 'process',
    async plan(request) {
      requireOwnContent(request);
      requireTexts(request, request.actionParameters);
      const script = entryPointPath(request.packPath, request.action);
      makeExecutable(script);
      return shellPlan([script, ...scriptWords(request)].map(shellQuote).join(' '), request, options);
    },
    conclude: shellOutcome,
  };
}

/** The action's parameters as arguments of its script. */
export function scriptWords({ action, actionParameters, runnerParameters }: RunRequest): readonly string[] {
  const prefix = runnerParameters.kwarg_op;
  return scriptArguments({
    parameters: action.parameters,
    values: actionParameters,
    kwargOp: typeof prefix === 'string' ? prefix : '--',
  });
}

function shellPlan(command: string, request: RunRequest, options: LocalRunnerOptions): ProcessPlan {
  const { sudo, sudo_password: password, env, cwd, timeout } = request.runnerParameters;
  requireTexts(request, { env, cwd, sudo_password: password });
  const input = inputPlan(request);
  const as = commandAsUser(command, {
    systemUser: options.systemUser,
    sudo: sudo === true,
    ...(typeof password === 'string' && password !== '' && { sudoPassword: password }),
    ...(input.stdin !== undefined && { stdin: input.stdin }),
    ...(input.open && { isInputOpen: true }),
    ...(input.open?.terminal && { canAsk: true }),
  });
  if (as.stdin !== input.stdin) requireNoPassword(request, input);
  return {
    argv: as.argv,
    environment: childEnvironment(
      options.environment,
      { ...terminalEnvironment(input), ...(isObject(env) ? env : {}) },
      request.environment,
    ),
    // The command starts from elsewhere than the server: a relative path has to be made absolute here.
    cwd: typeof cwd === 'string' && cwd !== '' ? resolve(options.cwd, cwd) : options.cwd,
    ...(as.stdin !== undefined && { stdin: as.stdin }),
    ...input.open,
    ...limitsPlan(request, options.limits),
    timeoutMs: timeoutMs(timeout, 60),
    signalsNeedSudo: as.signalsNeedSudo,
  };
}

/** Fault `start_failed` where another version of the pack is asked for than the one that is there. */
export function requireOwnContent({ action, runnerParameters }: RunRequest): void {
  const version = runnerParameters.content_version;
  if (version === undefined || version === null || version === '') return;
  throw new Fault('start_failed', `action ${action.ref}: content_version is not supported by this version`);
}

/** Fault `start_failed`, naming the parameter, where a text among `values` cannot be passed to a process as it is. */
export function requireTexts({ action }: RunRequest, values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'string') requirePassable(`action ${action.ref}: parameter "${name}"`, value);
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, item] of Object.entries(value)) {
      requirePassable(`action ${action.ref}: a name in parameter "${name}"`, key);
      if (typeof item === 'string') requirePassable(`action ${action.ref}: parameter "${name}", item "${key}"`, item);
    }
  }
}

/** A timer cannot be set further than this; 24 days are as good as no limit. */
const timeoutMsMax = 2 ** 31 - 1;

export function timeoutMs(parameter: unknown, defaultS: number): number {
  const seconds = typeof parameter === 'number' && parameter > 0 ? parameter : defaultS;
  return Math.min(seconds * 1000, timeoutMsMax);
}
