/** What an ssh_config says about one host, with its tokens replaced. The first value that is found wins, as in ssh. */
import { isAbsolute, join } from 'node:path';
import { expandHome, patternsMatch, type SshConfig, type SshConfigOption } from './ssh-config-file.ts';
import type { HostKeyPolicy } from './ssh-target.ts';

/** Of the account that the server runs as. */
export interface SshAccount {
  readonly home: string;
  readonly user: string;
  /** For `${NAME}` and `SSH_AUTH_SOCK`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface SshHostSettings {
  /** What to connect to; the name itself where nothing is said. */
  readonly hostName: string;
  readonly port?: number;
  readonly user?: string;
  /** All of them: they add up. */
  readonly identityFiles: readonly string[];
  /** Path of a socket; undefined where nothing is said. */
  readonly identityAgent?: string | 'none';
  readonly identitiesOnly: boolean;
  /** `user@host:port`, from here outwards. */
  readonly proxyJump: readonly string[];
  readonly knownHostsFiles?: readonly string[];
  readonly hostKeys?: HostKeyPolicy;
  readonly connectTimeoutMs?: number;
  /** For the log: what this host asks for and does not get. */
  readonly warnings: readonly string[];
}

/** They change which host or key it is, so that leaving them out in silence would be a trap. */
const unsupported = ['proxycommand', 'certificatefile', 'hostkeyalias', 'pkcs11provider', 'securitykeyprovider'];

export function hostSettings(config: SshConfig, host: string, account: SshAccount): SshHostSettings {
  const options = config.options.filter(({ conditions }) => conditions.every((list) => patternsMatch(list, host)));
  const warnings: string[] = [];
  const first = (keyword: string): SshConfigOption | undefined => options.find((option) => option.keyword === keyword);
  const named = first('hostname')?.values[0];
  const hostName = named === undefined ? host : replaceTokens(named, { h: host });
  const port = numberOf(first('port'), 1, 65_535, warnings);
  const user = first('user')?.values[0];
  const tokens = tokensFor(host, hostName, port ?? 22, user ?? account.user, account);
  const path = (value: string): string => {
    const expanded = expandHome(expandVariables(replaceTokens(value, tokens), account), account.home);
    return isAbsolute(expanded) ? expanded : join(account.home, expanded);
  };
  for (const keyword of unsupported) {
    const option = first(keyword);
    if (option && option.values[0]?.toLowerCase() !== 'none')
      warnings.push(`${option.place}: "${keyword}" is not supported`);
  }
  const timeoutSeconds = numberOf(first('connecttimeout'), 1, 86_400, warnings);
  const files = first('userknownhostsfile')?.values;
  const agent = first('identityagent')?.values[0];
  const jumps = first('proxyjump')?.values.join('') ?? 'none';
  const hostKeys = policyOf(first('stricthostkeychecking'), warnings);
  const identityFiles = options
    .filter(({ keyword, values }) => keyword === 'identityfile' && values[0]?.toLowerCase() !== 'none')
    .map(({ values }) => path(values[0] ?? ''));
  return {
    hostName,
    ...(port !== undefined && { port }),
    ...(user !== undefined && { user }),
    identityFiles: [...new Set(identityFiles)],
    ...(agent !== undefined && { identityAgent: agentPath(agent, account, path) }),
    identitiesOnly: first('identitiesonly')?.values[0]?.toLowerCase() === 'yes',
    proxyJump: jumps.toLowerCase() === 'none' ? [] : jumps.split(',').filter((jump) => jump !== ''),
    ...(files && { knownHostsFiles: files.filter((file) => file.toLowerCase() !== 'none').map(path) }),
    ...(hostKeys && { hostKeys }),
    ...(timeoutSeconds !== undefined && { connectTimeoutMs: timeoutSeconds * 1000 }),
    warnings,
  };
}

/** `[user@]host[:port]`, `ssh://…`, with IPv6 in brackets. Undefined where it is none of these. */
export function parseJump(text: string): { host: string; port?: number; user?: string } | undefined {
  const match = /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]]+)\]|([^:@[\]/]+))(?::(\d{1,5}))?\/?$/.exec(text);
  if (!match) return undefined;
  const [, user, bracketed, plain = '', port] = match;
  return {
    host: bracketed ?? plain,
    ...(port !== undefined && { port: Number(port) }),
    ...(user !== undefined && { user }),
  };
}

function tokensFor(
  host: string,
  hostName: string,
  port: number,
  user: string,
  account: SshAccount,
): Record<string, string> {
  return { h: hostName, n: host, p: String(port), r: user, u: account.user, d: account.home };
}

/** Unknown ones stay as they are: the file that they name will be missed, under a name that tells why. */
function replaceTokens(value: string, tokens: Readonly<Record<string, string>>): string {
  return value.replace(/%(.)/g, (whole, letter: string) => (letter === '%' ? '%' : (tokens[letter] ?? whole)));
}

function expandVariables(value: string, account: SshAccount): string {
  return value.replace(/\$\{(\w+)\}/g, (whole, name: string) => account.environment[name] ?? whole);
}

function agentPath(value: string, account: SshAccount, path: (value: string) => string): string {
  if (value.toLowerCase() === 'none') return 'none';
  if (value === 'SSH_AUTH_SOCK') return account.environment['SSH_AUTH_SOCK'] ?? 'none';
  if (/^\$\w+$/.test(value)) return account.environment[value.slice(1)] ?? 'none';
  return path(value);
}

/** `ask` has nobody to ask: then what the server is set to holds. */
function policyOf(option: SshConfigOption | undefined, warnings: string[]): HostKeyPolicy | undefined {
  const value = option?.values[0]?.toLowerCase();
  if (option === undefined || value === undefined || value === 'ask') return undefined;
  if (value === 'yes' || value === 'true') return 'strict';
  if (value === 'accept-new') return 'accept-new';
  if (value === 'no' || value === 'false' || value === 'off') return 'off';
  warnings.push(`${option.place}: StrictHostKeyChecking "${value}" is none of yes, no, off, ask, accept-new`);
  return undefined;
}

function numberOf(
  option: SshConfigOption | undefined,
  min: number,
  max: number,
  warnings: string[],
): number | undefined {
  if (!option) return undefined;
  const text = option.values[0] ?? '';
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  if (text.toLowerCase() !== 'none') {
    warnings.push(`${option.place}: "${text}" is no number from ${min} to ${max}`);
  }
  return undefined;
}
