/**
 * The runner `python-script`: one interpreter per action, with the SDK in `python/`. Parameters and configuration go in
 * through standard input, the result comes back in a file: neither shows in process lists, and what the action prints is
 * its own to the last byte (spec/executions.md §8.4).
 */
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { isObject, tryParseJson } from '../../base/json.ts';
import { Fault } from '../../base/errors.ts';
import type { KeptOutput, ProcessEnd, ProcessPlan } from '../process.ts';
import type { Outcome, ProcessRunner, RunRequest } from '../runner.ts';
import { childEnvironment } from './child-environment.ts';
import { entryPointPath } from './entry-point.ts';
import { inputPlan, terminalEnvironment } from './input-plan.ts';
import { limitsPlan } from './limits-plan.ts';
import { PythonImports } from './python-imports.ts';
import { Interpreters } from './python-interpreter.ts';
import { cutNote, verdictOf } from './shell-result.ts';
import { type LocalRunnerOptions, requireOwnContent, requireTexts, timeoutMs } from './shell-runners.ts';

export interface PythonRunnerOptions extends LocalRunnerOptions {
  /** Directory of `stormtail_action.py` and the SDK. */
  readonly sdkPath: string;
  /** Interpreter of packs without an environment of their own. */
  readonly pythonBinary: string;
  /** `<base>/virtualenvs`. */
  readonly virtualenvsPath: string;
  readonly logLevel: string;
}

/** Python's exit code for a result of a wrong form, as the wrapper and StackStorm use it. */
const badResultExitCode = 220;

/** Some megabytes are common. What is longer is slow to store and to show, and holds up the server that parses it. */
const resultBytesMax = 16 * 1024 * 1024;

/** They take effect only when an interpreter starts, or change what its libraries do from then on. */
const readAtStart = /^(PYTHON|LD_|DYLD_|MALLOC_|GLIBC_|OPENSSL_|LC_|LANG)/;
/** They replace parts of the standard library, which works only before others have taken what they need of it. */
const firstOfAll = /^(eventlet|gevent)(\.|$)/;

export function pythonScript(options: PythonRunnerOptions): ProcessRunner {
  const interpreters = new Interpreters();
  const imports = new PythonImports();
  return {
    kind: 'process',
    plan: (request) => plan(request, options, interpreters, imports),
    conclude,
  };
}

async function plan(
  request: RunRequest,
  options: PythonRunnerOptions,
  interpreters: Interpreters,
  imports: PythonImports,
): Promise<ProcessPlan> {
  const { action, packPath, runnerParameters } = request;
  requireOwnContent(request);
  const file = entryPointPath(packPath, action);
  const python = interpreter(request, options);
  const libraries = join(packPath, 'actions', 'lib');
  const level = runnerParameters.log_level;
  const input = inputPlan(request);
  const order = JSON.stringify({
    file_path: file,
    pack: action.pack,
    user: request.user,
    parameters: request.actionParameters,
    config: request.config,
    log_level: typeof level === 'string' && level !== 'DEBUG' ? level : options.logLevel,
    pythonpath: [libraries, dirname(file)],
    ...(!input.open && input.stdin !== undefined && { stdin: input.stdin }),
  });
  requireTexts(request, { env: runnerParameters.env });
  const env: Record<string, unknown> = {
    ...terminalEnvironment(input),
    ...(isObject(runnerParameters.env) ? runnerParameters.env : {}),
  };
  delete env.PYTHONPATH;
  const environmentWith = (own: unknown, variables: Readonly<Record<string, string>>) =>
    withVirtualenv(
      python.virtualenv,
      childEnvironment(options.environment, own, { ...variables, PYTHONUNBUFFERED: '1', PYTHONIOENCODING: 'utf-8' }),
    );
  const bare = environmentWith(undefined, {});
  const found = await interpreters.find(python.path, bare);
  const modules = input.open ? undefined : modulesFor(request, env, () => imports.of(file, libraries));
  return {
    argv: [found?.path ?? python.path, '-u', join(options.sdkPath, 'stormtail_action.py')],
    // The last two so that st2client works unconfigured.
    environment: environmentWith(env, {
      ...request.environment,
      ST2_API_URL: request.apiUrl,
      ST2_AUTH_TOKEN: request.token,
      ...(input.open && { STORMTAIL_ORDER_FD: '3' }),
    }),
    cwd: packPath,
    // Where standard input is for answers, the order comes beside it.
    ...(input.open
      ? { ...input.open, sideInput: order, ...(input.stdin !== undefined && { stdin: input.stdin }) }
      : { stdin: order }),
    ...(found?.canFork &&
      modules && {
        python: {
          argv: [found.path, '-u', join(options.sdkPath, 'stormtail_forkserver.py')],
          environment: bare,
          modules,
          stamp: found.stamp,
        },
      }),
    ...limitsPlan(request, options.limits),
    timeoutMs: timeoutMs(runnerParameters.timeout, 600),
    resultVariable: 'STORMTAIL_RESULT_FILE',
    resultBytesMax,
    signalsNeedSudo: false,
  };
}

/** What to load before the action is forked; undefined where it needs an interpreter of its own. */
function modulesFor(
  { runnerParameters }: RunRequest,
  env: Readonly<Record<string, unknown>>,
  imported: () => readonly string[],
): readonly string[] | undefined {
  const variables = Object.keys(env);
  if (runnerParameters.debug === true || variables.some((name) => readAtStart.test(name))) return undefined;
  const modules = imported();
  if (modules.some((name) => firstOfAll.test(name))) return undefined;
  // Libraries, too, look at their environment when they are imported.
  return variables.length === 0 ? modules : [];
}

function withVirtualenv(
  virtualenv: string | undefined,
  environment: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (virtualenv === undefined) return environment;
  // Without a prototype, as it came.
  return Object.assign(Object.create(null), environment, {
    VIRTUAL_ENV: virtualenv,
    PATH: `${join(virtualenv, 'bin')}${delimiter}${environment.PATH}`,
  });
}

/** The pack's own environment; without one, the server's Python, unless the pack says that it needs more. */
function interpreter(request: RunRequest, options: PythonRunnerOptions): { path: string; virtualenv?: string } {
  const { pack } = request.action;
  const virtualenv = join(options.virtualenvsPath, pack);
  if (existsSync(join(virtualenv, 'bin', 'python'))) return { path: join(virtualenv, 'bin', 'python'), virtualenv };
  if (existsSync(join(request.packPath, 'requirements.txt'))) {
    throw new Fault(
      'start_failed',
      `pack "${pack}" has a requirements.txt but no virtual environment in ${virtualenv}; create it with: python3 -m venv ${virtualenv} && ${virtualenv}/bin/pip install -r ${request.packPath}/requirements.txt`,
    );
  }
  return { path: options.pythonBinary };
}

function conclude(_request: RunRequest, end: ProcessEnd, kept: KeptOutput): Outcome {
  const handed = end.resultFile === undefined ? undefined : tryParseJson(end.resultFile);
  const answer = end.resultCut ? unreadAnswer(end.resultCut) : isObject(handed) ? handed : undefined;
  const verdict = verdictOf(end);
  const isDenied = verdict.status === 'succeeded' && answer?.status === false;
  const error = verdict.returnCode === badResultExitCode ? lastLine(kept.stderr) : verdict.error;
  return {
    status: isDenied ? 'failed' : verdict.status,
    result: {
      // StackStorm's spelling of "the action ended without handing over a result"; packs and workflows compare with it.
      result: answer ? answer.result : 'None',
      exit_code: verdict.returnCode,
      stdout: kept.stdout,
      stderr: kept.stderr,
      ...(end.resultCut && { result_cut: { bytes: end.resultCut.bytes, kept: 0 } }),
      ...(error !== undefined && { error }),
      ...(end.signal !== undefined && !end.stopped && { signal: end.signal }),
      ...cutNote(kept),
    },
  };
}

/** A result too long to be worked with. The wrapper writes the status behind it, so that much is known. */
function unreadAnswer({ tail }: { readonly tail: string }): { result: null; status: unknown } {
  return { result: null, status: /"status": (true|false|null)\}$/.exec(tail)?.[1] !== 'false' };
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
