/** From a host as it was named to a target, the way ssh would find it: ssh_config first, what was asked for above it. */
import { join } from 'node:path';
import { systemCode } from '../../../base/errors.ts';
import { readPrivateKey } from './private-key.ts';
import type { SshConfig } from './ssh-config-file.ts';
import { hostSettings, parseJump, type SshAccount, type SshHostSettings } from './ssh-config-host.ts';
import { isSshError, SshError } from './ssh-error.ts';
import type { SshCredentials, SshHop, SshKey, SshTarget } from './ssh-target.ts';

/** What a caller asks for stands above ssh_config; `defaults` below it. */
export interface TargetWish {
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
  /** Used instead of those of ssh_config. Of these, bastions that ssh_config names get the keys and the agent, and no password. */
  readonly credentials?: SshCredentials;
  readonly defaults: Pick<SshTarget, 'user' | 'credentials' | 'hostKeys' | 'connectTimeoutMs'>;
}

export interface ResolvedTarget {
  readonly target: SshTarget;
  readonly warnings: readonly string[];
}

/** Where every ssh on the machine looks as well. */
const globalKnownHosts = '/etc/ssh/ssh_known_hosts';

/** Throws SshError `incompatible` for a ProxyJump that cannot be followed. Identity files that are not there are passed over, as ssh does. */
export async function targetFromConfig(
  config: SshConfig,
  wish: TargetWish,
  account: SshAccount,
): Promise<ResolvedTarget> {
  const settings = hostSettings(config, wish.host, account);
  const warnings = [...config.warnings, ...settings.warnings];
  const { defaults } = wish;
  const self = await hopOf(settings, wish, wish.credentials, { account, warnings });
  const bastions = await bastionsOf(config, settings, { wish, account, warnings, names: [wish.host] });
  const knownHosts = settings.knownHostsFiles ?? [join(account.home, '.ssh', 'known_hosts')];
  return {
    target: {
      ...self,
      bastions,
      hostKeys: settings.hostKeys ?? defaults.hostKeys,
      connectTimeoutMs: settings.connectTimeoutMs ?? defaults.connectTimeoutMs,
      knownHosts: [...knownHosts, globalKnownHosts],
    },
    warnings,
  };
}

interface JumpContext {
  readonly wish: TargetWish;
  readonly account: SshAccount;
  readonly warnings: string[];
  readonly names: readonly string[];
}

/** Each bastion is a host of ssh_config itself; the way to the first one may lead over others. */
async function bastionsOf(config: SshConfig, settings: SshHostSettings, context: JumpContext): Promise<SshHop[]> {
  const { wish, account, warnings, names } = context;
  const { keys, agent } = wish.credentials ?? wish.defaults.credentials;
  const credentials: SshCredentials = { ...(keys && { keys }), ...(agent !== undefined && { agent }) };
  const jumps = settings.proxyJump.map((text) => {
    const jump = parseJump(text);
    if (jump) return jump;
    throw new SshError('incompatible', `ProxyJump of ${names.at(-1)}: "${text}" is no user@host:port`);
  });
  // `Host *` with a ProxyJump means every other host: the bastion itself is connected from here.
  if (jumps.some(({ host }) => host === names.at(-1))) return [];
  const hops: SshHop[] = [];
  for (const [index, jump] of jumps.entries()) {
    const passed = [...names, jump.host];
    if (names.includes(jump.host)) throw new SshError('incompatible', `ProxyJump goes round: ${passed.join(', ')}`);
    const own = hostSettings(config, jump.host, account);
    warnings.push(...own.warnings);
    // As in ssh, only the first one is asked for its own way: the others are connected from the one before.
    if (index === 0) hops.push(...(await bastionsOf(config, own, { ...context, names: passed })));
    const given = { port: jump.port, user: jump.user, defaults: { ...wish.defaults, credentials } };
    hops.push(await hopOf(own, given, undefined, context));
  }
  return hops;
}

interface HopContext {
  readonly account: SshAccount;
  readonly warnings: string[];
}

async function hopOf(
  settings: SshHostSettings,
  given: {
    readonly port?: number | undefined;
    readonly user?: string | undefined;
    readonly defaults: TargetWish['defaults'];
  },
  credentials: SshCredentials | undefined,
  context: HopContext,
): Promise<SshHop> {
  return {
    host: settings.hostName,
    port: given.port ?? settings.port ?? 22,
    user: given.user ?? settings.user ?? given.defaults.user,
    credentials: credentials ?? (await credentialsOf(settings, context)) ?? given.defaults.credentials,
  };
}

/** Undefined where ssh_config names none for the host. */
async function credentialsOf(
  settings: SshHostSettings,
  { account, warnings }: HopContext,
): Promise<SshCredentials | undefined> {
  const keys: SshKey[] = [];
  for (const path of settings.identityFiles) {
    try {
      keys.push(await readPrivateKey(path, { isOptional: true }));
    } catch (error) {
      if (!isSshError(error)) throw error;
      if (systemCode(error.cause) !== 'ENOENT') warnings.push(error.message);
    }
  }
  const named = settings.identityAgent ?? account.environment['SSH_AUTH_SOCK'] ?? 'none';
  // ssh would offer those keys of the agent that are named as files; we cannot tell them apart, so none.
  const agent = named === 'none' || settings.identitiesOnly ? undefined : named;
  if (keys.length === 0 && settings.identityAgent === undefined) return undefined;
  return { keys, ...(agent !== undefined && { agent }) };
}
