/** As whom a local command runs: the server's own user, the configured system user, or root; the latter two through sudo. */
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { sudoPath } from './programs.ts';

export interface UserPlan {
  readonly argv: readonly string[];
  readonly stdin?: string;
  readonly signalsNeedSudo: boolean;
}

/** Asked once: it does not change, and asking reads the user database. */
let self: string | undefined;
const shell = existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh';

/** The line of standard input behind which the command's own begins, where a password comes before. */
const mark = ': what follows is for the command';
/** In a shell of its own, so that no variable of the command changes. `read` takes no byte beyond its line. */
const skipToMark = `(while IFS= read -r line && [ "$line" != "${mark}" ]; do :; done)`;

export interface UserWish {
  readonly systemUser: string;
  readonly sudo: boolean;
  readonly sudoPassword?: string;
  /** There is a terminal, where somebody may answer. */
  readonly canAsk?: true;
  /** What the command reads on standard input, as far as it is known now. */
  readonly stdin?: string;
  /** More of it may follow. */
  readonly isInputOpen?: true;
}

/**
 * The command line that runs `command` (shell text) as wanted, and all of its standard input. `-E` keeps the environment,
 * which sudoers must allow (SETENV). With a password, sudo reads it from standard input, unless it needs none: then it
 * would be left for the command, where it does not belong and may end up in the output.
 */
export function commandAsUser(command: string, wish: UserWish): UserPlan {
  self ??= userInfo().username;
  const { sudo, systemUser, sudoPassword, stdin } = wish;
  const given = stdin === undefined ? {} : { stdin };
  const target = sudo ? 'root' : systemUser;
  const run = [shell, '-c', command];
  if (target === self) return { argv: run, ...given, signalsNeedSudo: false };
  const user = sudo ? [] : ['-H', '-u', target];
  if (sudoPassword === undefined) {
    const ask = wish.canAsk ? [] : ['-n'];
    return { argv: [sudoPath, '-E', ...ask, ...user, '--', ...run], ...given, signalsNeedSudo: true };
  }
  const hasInput = stdin !== undefined || wish.isInputOpen === true;
  // Without input of its own there is no mark: a sudo that refuses the password would try that line next.
  const first = hasInput ? `${skipToMark}; exec "$@"` : 'exec "$@" </dev/null';
  return {
    argv: [sudoPath, '-E', '-S', '-p', '', ...user, '--', shell, '-c', first, shell, ...run],
    stdin: `${sudoPassword}\n${hasInput ? `${mark}\n${stdin ?? ''}` : ''}`,
    signalsNeedSudo: true,
  };
}

/** Quoted so that a POSIX shell reads back exactly this text. */
export function shellQuote(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}
