/** What goes wrong between us and a host, told apart, so that a runner can report it and a reader knows what to do. */
import { Fault } from '../../../base/errors.ts';

/** Problem → when it happens. Published as `details.problem`. */
export const sshProblems = {
  dns: 'the name of the host has no address',
  refused: 'the host or a bastion answered that nothing listens there, or that there is no way to it',
  timeout: 'no connection within the connect timeout: no answer, or not to the end',
  'host-key-unknown': 'the host is in no known_hosts file, and new hosts are not accepted',
  'host-key-changed': 'the host shows another key than the one in known_hosts',
  'host-key-revoked': 'the key of the host is marked @revoked',
  'known-hosts-unusable': 'a known_hosts file cannot be read or written',
  'auth-refused': 'the host accepted none of the credentials',
  'key-unusable': 'a private key cannot be read: no such file, not a key, wrong or missing passphrase',
  incompatible: 'the other side speaks no SSH, or shares no algorithm with us',
  lost: 'a connection that worked broke off',
  'channel-refused': 'the host is connected but refuses a session, a command, a terminal or a forward',
  'copy-failed': 'a file could not be written, read or removed',
  aborted: 'the caller gave up',
} as const;

export type SshProblem = keyof typeof sshProblems;

/** A Fault `ssh_failed`; `message` names the host. */
export class SshError extends Fault {
  override name = 'SshError';
  readonly problem: SshProblem;

  constructor(
    problem: SshProblem,
    message: string,
    options: { details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super('ssh_failed', message, { ...options, details: { ...options.details, problem } });
    this.problem = problem;
  }
}

export function isSshError(error: unknown, problem?: SshProblem): error is SshError {
  return error instanceof SshError && (problem === undefined || error.problem === problem);
}
