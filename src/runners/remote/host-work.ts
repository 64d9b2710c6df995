/**
 * What is done on each host of one execution: the same command everywhere, or a script of the pack that is copied there
 * first, into a directory of its own.
 */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Fault } from '../../base/errors.ts';
import { shellQuote } from '../local/as-user.ts';
import { givenVariables } from '../local/child-environment.ts';
import { entryPointPath } from '../local/entry-point.ts';
import { requireTexts, scriptWords, timeoutMs } from '../local/shell-runners.ts';
import type { RunRequest } from '../runner.ts';
import { remoteCommandLine, type RemoteProgram } from './remote-program.ts';

export interface HostWork {
  /** What sshd is asked to run; says nothing of the command. */
  readonly commandLine: string;
  readonly sudoPassword?: string;
  readonly program: Omit<RemoteProgram, 'killGraceMs'>;
  /** Copied before. */
  readonly files?: ScriptFiles;
}

export interface ScriptFiles {
  /** There, new, for these files alone. */
  readonly directory: string;
  readonly script: { readonly from: string; readonly to: string };
  readonly lib?: { readonly from: string; readonly to: string };
}

/** Name of a shell variable: what cannot be exported by `export` would have to stand on a command line. */
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Of `remote-shell-cmd`. Fault `start_failed` where it cannot be run anywhere. */
export function commandWork(request: RunRequest): HostWork {
  const { action, runnerParameters } = request;
  if (action.entry_point !== '') {
    throw new Fault(
      'start_failed',
      `action ${action.ref}: runner remote-shell-cmd takes no entry_point; use remote-shell-script for "${action.entry_point}"`,
    );
  }
  const command = runnerParameters.cmd;
  if (typeof command !== 'string' || command === '')
    throw new Fault('start_failed', `action ${action.ref}: parameter "cmd" is empty`);
  requireTexts(request, { cmd: command });
  return shellWork(request, command);
}

/**
 * Of `remote-shell-script`. `name` is that of the directory, in the `dir` of the action or, where that is left at its
 * default, in `remoteDirectory`.
 */
export function scriptWork(request: RunRequest, remoteDirectory: string, name: string): HostWork {
  requireTexts(request, request.actionParameters);
  const script = entryPointPath(request.packPath, request.action);
  const { dir } = request.runnerParameters;
  const parent = typeof dir === 'string' && dir !== '' && dir !== defaultDirectory ? dir : remoteDirectory;
  requireTexts(request, { dir: parent });
  if (!parent.startsWith('/'))
    throw new Fault('start_failed', `action ${request.action.ref}: parameter "dir": "${parent}" is no absolute path`);
  const directory = join(parent, name);
  const to = join(directory, basename(script));
  const lib = join(dirname(script), 'lib');
  const hasLib = existsSync(lib) && statSync(lib).isDirectory();
  const work = shellWork(request, [to, ...scriptWords(request)].map(shellQuote).join(' '));
  return {
    ...work,
    program: { ...work.program, directory },
    files: {
      directory,
      script: { from: script, to },
      ...(hasLib && { lib: { from: lib, to: join(directory, 'lib') } }),
    },
  };
}

/** The published default of `dir`, which cannot be told from the same text said by somebody. */
const defaultDirectory = '/tmp';

function shellWork(request: RunRequest, command: string): HostWork {
  const { sudo, sudo_password: password, env, cwd, timeout } = request.runnerParameters;
  requireTexts(request, { env, cwd, sudo_password: password });
  const environment = { ...givenVariables(env), ...request.environment };
  for (const name of Object.keys(environment)) {
    if (variableName.test(name)) continue;
    const form = 'letters, digits and _, not beginning with a digit';
    throw new Fault('start_failed', `variable "${name}" in "env": on other hosts, a name has to be ${form}`);
  }
  const hasPassword = sudo === true && typeof password === 'string' && password !== '';
  if (hasPassword && password.includes('\n'))
    throw new Fault('start_failed', `action ${request.action.ref}: parameter "sudo_password" has more than one line`);
  return {
    commandLine: remoteCommandLine(sudo !== true ? 'no' : hasPassword ? 'with password' : 'without password'),
    ...(hasPassword && { sudoPassword: password }),
    program: {
      command,
      environment,
      cwd: typeof cwd === 'string' && cwd !== '' ? cwd : defaultDirectory,
      timeoutMs: timeoutMs(timeout, 60),
    },
  };
}
