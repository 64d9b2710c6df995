/** The runners that work on other hosts, as the settings want them. */
import { homedir, userInfo } from 'node:os';
import type { Disposals } from '../base/disposal.ts';
import type { Context } from '../operations/context.ts';
import { remoteRunners } from '../runners/remote/remote-runners.ts';
import { SshPool } from '../runners/remote/ssh/ssh-pool.ts';
import type { Runners } from '../runners/runner.ts';
import type { Config } from './config.ts';

/** Their connections are closed with `stack`. */
export function buildRemoteRunners(
  { system_user, ssh_runner }: Config,
  { clock, log }: Context,
  stack: Disposals,
): Runners {
  const pool = stack.use(new SshPool({ knownHostsPath: ssh_runner.known_hosts_file, clock }));
  const options = {
    systemUser: system_user.user,
    account: { home: homedir(), user: userInfo().username, environment: process.env },
    keyFile: system_user.ssh_key_file,
    sshConfigPath: ssh_runner.use_ssh_config ? ssh_runner.ssh_config_file_path : undefined,
    hostKeys: ssh_runner.host_key_checking,
    connectTimeoutMs: ssh_runner.ssh_connect_timeout * 1000,
    remoteDirectory: ssh_runner.remote_dir,
    parallelMax: ssh_runner.max_parallel_actions,
    allowPartialFailure: ssh_runner.allow_partial_failure,
    warn: (text: string) => log.warn({ problem: text }, 'the SSH configuration is not followed in everything'),
  };
  return remoteRunners(options, pool);
}
