/**
 * As whom and which way each host of an execution is connected: the action's parameters first, then the SSH configuration
 * where it is used, then the settings of the server (spec/executions.md §8.3).
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../base/errors.ts';
import { type HostEntry, parseHostAndPort } from './host-list.ts';
import { readPrivateKey } from './ssh/private-key.ts';
import { emptySshConfig, expandHome, readSshConfig, type SshConfig } from './ssh/ssh-config-file.ts';
import type { SshAccount } from './ssh/ssh-config-host.ts';
import { type ResolvedTarget, targetFromConfig } from './ssh/ssh-config-target.ts';
import type { HostKeyPolicy, SshCredentials } from './ssh/ssh-target.ts';

export interface ConnectionOptions {
  /** User to log in as where nothing else says one. */
  readonly systemUser: string;
  /** The server's own, whose `~/.ssh` is used, and whose agent. */
  readonly account: SshAccount;
  /** Key of the system user; without one, the usual files in `~/.ssh` are tried. */
  readonly keyFile: string | null;
  /** Path of the SSH configuration, where it is to be used. */
  readonly sshConfigPath: string | undefined;
  readonly hostKeys: HostKeyPolicy;
  readonly connectTimeoutMs: number;
}

type Parameters = Readonly<Record<string, unknown>>;

interface Wishes {
  readonly user: string | undefined;
  readonly port: number | undefined;
  readonly bastion: { readonly host: string; readonly port: number | undefined } | undefined;
  /** What the action brings. */
  readonly given: SshCredentials | undefined;
  /** What the server has. */
  readonly own: SshCredentials;
}

/** What ssh itself tries, best first. */
const usualKeys = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

export class ConnectionPlan {
  readonly #options: ConnectionOptions;
  readonly #config: SshConfig;
  readonly #wishes: Wishes;

  private constructor(options: ConnectionOptions, config: SshConfig, wishes: Wishes) {
    this.#options = options;
    this.#config = config;
    this.#wishes = wishes;
  }

  /** Throws a Fault where parameters or keys cannot be used for any host. */
  static async of(parameters: Parameters, options: ConnectionOptions): Promise<ConnectionPlan> {
    const { sshConfigPath, account } = options;
    const { port } = parameters;
    if (typeof port === 'number' && (port < 1 || port > 65_535))
      throw new Fault('invalid_parameter', `parameter "port": ${port} is no port; expected a number from 1 to 65535`);
    const bastion = textOf(parameters.bastion_host);
    const given = await givenCredentials(parameters, account);
    const config = sshConfigPath === undefined ? emptySshConfig : await readSshConfig(sshConfigPath, account.home);
    return new ConnectionPlan(options, config, {
      user: textOf(parameters.username),
      port: typeof port === 'number' ? port : undefined,
      bastion: bastion === undefined ? undefined : parseHostAndPort(bastion, 'parameter "bastion_host"'),
      given,
      own: given ? {} : await ownCredentials(parameters, options),
    });
  }

  /** Throws SshError where the way that the SSH configuration wants cannot be followed. */
  async targetOf({ host, port }: HostEntry): Promise<ResolvedTarget> {
    const { systemUser, account, hostKeys, connectTimeoutMs } = this.#options;
    const { user, bastion, given, own } = this.#wishes;
    const wishedPort = port ?? this.#wishes.port;
    const { target, warnings } = await targetFromConfig(
      this.#config,
      {
        host,
        ...(wishedPort !== undefined && { port: wishedPort }),
        ...(user !== undefined && { user }),
        ...(given && { credentials: given }),
        defaults: { user: systemUser, credentials: own, hostKeys, connectTimeoutMs },
      },
      account,
    );
    if (!bastion) return { target, warnings };
    // With the user, the credentials and the port of the host, as StackStorm does; but the port may be said.
    const hop = {
      user: target.user,
      credentials: target.credentials,
      host: bastion.host,
      port: bastion.port ?? target.port,
    };
    return { target: { ...target, bastions: [hop] }, warnings };
  }
}

/** Both where both are given: some hosts ask for both, and the others take the one they like. */
async function givenCredentials(parameters: Parameters, { home }: SshAccount): Promise<SshCredentials | undefined> {
  const password = textOf(parameters.password);
  const written = textOf(parameters.private_key);
  if (password === undefined && written === undefined) return undefined;
  const more = { isOptional: password !== undefined, ...passphraseOf(parameters) };
  const isText = written !== undefined && /PRIVATE KEY-----|^PuTTY-User-Key-File-/.test(written);
  const key =
    written === undefined
      ? undefined
      : isText
        ? { text: written, from: 'parameter "private_key"', ...more }
        : await readPrivateKey(expandHome(written, home), more);
  return { ...(key && { keys: [key] }), ...(password !== undefined && { password }) };
}

async function ownCredentials(
  parameters: Parameters,
  { account, keyFile }: ConnectionOptions,
): Promise<SshCredentials> {
  const agent = account.environment.SSH_AUTH_SOCK;
  const usual = usualKeys.map((name) => join(account.home, '.ssh', name)).filter((path) => existsSync(path));
  const paths = keyFile === null ? usual : [expandHome(keyFile, account.home)];
  // A key that was named has to be usable; of those that happen to be there, one may be.
  const more = { isOptional: keyFile === null, ...passphraseOf(parameters) };
  const keys = await Promise.all(paths.map((path) => readPrivateKey(path, more)));
  return { keys, ...(agent !== undefined && agent !== '' && { agent }) };
}

function passphraseOf(parameters: Parameters): { passphrase?: string } {
  const passphrase = textOf(parameters.passphrase);
  return passphrase === undefined ? {} : { passphrase };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
