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

/**
 * The command line that runs `command` (shell text) as wanted. With a sudo password, sudo reads it from standard input.
 * `-E` keeps the environment, which sudoers must allow (SETENV). `canAsk`: there is a terminal, where somebody may answer.
 */
export function commandAsUser(
  command: string,
  wish: { systemUser: string; sudo: boolean; sudoPassword?: string; canAsk?: true },
): UserPlan {
  self ??= userInfo().username;
  const target = wish.sudo ? 'root' : wish.systemUser;
  if (target === self) return { argv: [shell, '-c', command], signalsNeedSudo: false };
  const user = wish.sudo ? [] : ['-H', '-u', target];
  const noPassword = wish.canAsk ? [] : ['-n'];
  const password = wish.sudoPassword === undefined ? noPassword : ['-S', '-p', ''];
  return {
    argv: [sudoPath, '-E', ...password, ...user, '--', shell, '-c', command],
    ...(wish.sudoPassword !== undefined && { stdin: `${wish.sudoPassword}\n` }),
    signalsNeedSudo: true,
  };
}

/** Quoted so that a POSIX shell reads back exactly this text. */
export function shellQuote(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}
