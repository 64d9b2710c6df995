/** The settings of remote actions, `[ssh_runner]` and a key in `[system_user]`: part of the table in `config-options.ts`. */
import type { OptionRow } from './config-options.ts';

const since = '0.1.0';

export const sshRunnerOptions = {
  remote_dir: {
    type: 'text',
    default: '/tmp',
    since,
    description: 'Folder on remote hosts that scripts are copied to, where the action leaves `dir` at its default.',
  },
  max_parallel_actions: {
    type: 'integer',
    default: 50,
    min: 1,
    max: 1_000,
    since,
    description: 'Hosts of one execution that are worked on at the same time.',
  },
  allow_partial_failure: {
    type: 'boolean',
    default: false,
    since,
    description: 'One good host is enough for a remote action to succeed.',
  },
  ssh_connect_timeout: {
    type: 'number',
    default: 60,
    min: 0.1,
    // An hour: who waits longer for a login waits for nothing.
    max: 3_600,
    unit: 's',
    since,
    description: 'Limit of connecting to a host, with name, bastions and login.',
  },
  use_ssh_config: {
    type: 'boolean',
    default: false,
    since,
    description: 'Go by the SSH configuration file: HostName, User, Port, IdentityFile, ProxyJump.',
  },
  ssh_config_file_path: { type: 'text', default: '~/.ssh/config', since, description: 'Where that file is.' },
  host_key_checking: {
    type: 'choice',
    choices: ['strict', 'accept-new', 'off'],
    default: 'accept-new',
    since,
    description:
      '`strict`: only hosts that are in a known_hosts file. `accept-new`: a new host is written down, and its key may not change from then on. `off`: any key.',
  },
  known_hosts_file: {
    type: 'text',
    default: null,
    computed: '`<home>/known_hosts`',
    since,
    description:
      'File that new hosts are written to. `~/.ssh/known_hosts` and `/etc/ssh/ssh_known_hosts` are read besides.',
  },
} as const satisfies Record<string, OptionRow>;

export const sshKeyFileOption = {
  type: 'text',
  default: null,
  computed: 'those of `id_ed25519`, `id_ecdsa` and `id_rsa` that are in `~/.ssh`',
  since,
  description: 'Private key that remote actions log in with, where the action brings no credentials.',
} as const satisfies OptionRow;
