/**
 * Settings: environment over `stormtail.conf` (in STORMTAIL_HOME, with the names of st2.conf) over defaults, as one
 * plain record. What an option is called and takes is `config-options.ts`. Unknown names are reported and the start
 * goes on; a bad value stops it, with every bad value named at once. Nothing that was written is ignored silently.
 */
import { readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { addressList } from '../api/metrics-access.ts';
import { closestName } from '../base/closest-name.ts';
import { Fault, messageOf, systemCode } from '../base/errors.ts';
import { configOptions, type OptionRow, type Section, type SectionValues } from './config-options.ts';
import { acceptedOptions } from './config-options-accepted.ts';
import { parseIni } from './ini.ts';
import { formatListenAddress, isLoopback, type ListenAddress, parseListenAddress } from './listen-address.ts';
import { parseBoolean, parseOption } from './option-value.ts';

export const configFileName = 'stormtail.conf';

/** Sections as in the option table, with what is computed from them filled in. */
export interface Config
  extends Omit<
    { readonly [S in Section]: SectionValues<S> },
    'auth' | 'content' | 'ssh_runner' | 'stream' | 'system' | 'system_user'
  > {
  /** STORMTAIL_HOME, absolute. */
  readonly home: string;
  readonly listen: ListenAddress;
  /** Whether the ports of `auth` and `stream` are opened beside the listener. */
  readonly compatPorts: boolean;
  readonly auth: SectionValues<'auth'> & { readonly host: string; readonly htpasswd_path: string };
  readonly stream: SectionValues<'stream'> & { readonly host: string };
  readonly system: SectionValues<'system'> & { readonly base_path: string };
  readonly system_user: SectionValues<'system_user'> & { readonly user: string };
  readonly ssh_runner: SectionValues<'ssh_runner'> & { readonly known_hosts_file: string };
  readonly content: SectionValues<'content'> & { readonly packs_base_paths: readonly string[] };
}

export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The whole text, or undefined where there is no such file. */
  readonly readFile?: (path: string) => string | undefined;
  /** The user who runs the server. */
  readonly user?: string;
}

/** A value somebody wrote, and where, for messages: `stormtail.conf:12` or `environment`. */
interface Setting {
  readonly section: string;
  readonly name: string;
  readonly text: string;
  readonly place: string;
  /** As it is spelled there: `[api] max_page_size` or `STORMTAIL_API_MAX_PAGE_SIZE`. */
  readonly label: string;
}

/** Not options of a section: read by `loadConfig` itself. */
const otherVariables = ['STORMTAIL_HOME', 'STORMTAIL_LISTEN', 'STORMTAIL_COMPAT_PORTS'];
/** For the test runner; a server that a test starts sees them too. */
const foreignVariables = ['STORMTAIL_CASES', 'STORMTAIL_QUICK'];

/**
 * @returns the settings, and notes for the person who starts the server: unknown names, settings without effect,
 *   combinations that will surprise.
 * @throws Fault `invalid_config` when the file cannot be read or a value is bad; the message has a line for each.
 */
export function loadConfig(sources: ConfigSources): { config: Config; notes: string[] } {
  const { env, readFile = readIfPresent } = sources;
  const notes: string[] = [];
  const problems: string[] = [];
  const home = resolve(expandHome(env.STORMTAIL_HOME || '~/.stormtail'));

  const fromFile = settingsOfFile(readFile(join(home, configFileName)) ?? '', notes, problems);
  const fromEnvironment = settingsOfEnvironment(env, notes);
  const values = readSettings([...fromFile, ...fromEnvironment], problems);

  const listen = env.STORMTAIL_LISTEN
    ? parseListenAddress(env.STORMTAIL_LISTEN)
    : { host: values.api.host, port: values.api.port };
  if (!listen) {
    problems.push(`environment: STORMTAIL_LISTEN: expected "host:port", got ${JSON.stringify(env.STORMTAIL_LISTEN)}`);
  }
  const compatText = env.STORMTAIL_COMPAT_PORTS || 'on';
  const compatPorts = parseBoolean(compatText);
  if (compatPorts === undefined) {
    problems.push(`environment: STORMTAIL_COMPAT_PORTS: expected "on" or "off", got ${JSON.stringify(compatText)}`);
  }
  const htpasswd = values.auth.backend_kwargs?.file_path;
  if (htpasswd !== undefined && typeof htpasswd !== 'string') {
    problems.push(`${configFileName}: [auth] backend_kwargs: expected a text for "file_path"`);
  }
  try {
    addressList(values.metrics.allow);
  } catch (error) {
    problems.push(`${configFileName}: ${messageOf(error)}`);
  }
  if (!listen || compatPorts === undefined || problems.length > 0) {
    throw new Fault('invalid_config', problems.join('\n'), { details: { problems } });
  }

  const base_path = resolve(expandHome(values.system.base_path ?? home));
  const config: Config = {
    ...values,
    home,
    listen,
    compatPorts,
    auth: {
      ...values.auth,
      host: values.auth.host ?? listen.host,
      htpasswd_path: typeof htpasswd === 'string' ? resolve(expandHome(htpasswd)) : join(home, 'htpasswd'),
    },
    stream: { ...values.stream, host: values.stream.host ?? listen.host },
    system: { ...values.system, base_path },
    system_user: {
      user: values.system_user.user ?? sources.user ?? userInfo().username,
      ssh_key_file: values.system_user.ssh_key_file && resolve(expandHome(values.system_user.ssh_key_file)),
    },
    ssh_runner: {
      ...values.ssh_runner,
      ssh_config_file_path: resolve(expandHome(values.ssh_runner.ssh_config_file_path)),
      known_hosts_file: resolve(expandHome(values.ssh_runner.known_hosts_file ?? join(home, 'known_hosts'))),
    },
    content: {
      ...values.content,
      packs_base_paths: (values.content.packs_base_paths ?? [join(base_path, 'packs')]).map((path) =>
        resolve(expandHome(path)),
      ),
    },
  };
  notes.push(...surprises(config));
  return { config, notes };
}

function settingsOfFile(text: string, notes: string[], problems: string[]): Setting[] {
  const document = parseIni(text);
  for (const { line, message } of document.problems) problems.push(`${configFileName}:${line}: ${message}`);
  for (const { name, line } of document.sections) {
    if (!knownSections.includes(name)) {
      notes.push(`${configFileName}:${line}: unknown section [${name}]${meant(name, knownSections)}`);
    }
  }
  const settings: Setting[] = [];
  const accepted: string[] = [];
  const lineOf = new Map<string, number>();
  for (const { section, name, value, line } of document.entries) {
    if (!knownSections.includes(section)) {
      notes.push(`${configFileName}:${line}: option "${name}" is in an unknown section, [${section}]`);
      continue;
    }
    const key = `[${section}] ${name}`;
    const earlier = lineOf.get(key);
    if (earlier !== undefined) {
      notes.push(`${configFileName}:${line}: ${key} is set again; line ${earlier} has no effect`);
    }
    lineOf.set(key, line);
    if (rowOf(section, name)) {
      settings.push({ section, name, text: value, place: `${configFileName}:${line}`, label: key });
    } else if (acceptedNames(section).includes(name)) {
      accepted.push(`${key} (line ${line})`);
    } else {
      const known = [...Object.keys(optionsOf(section)), ...acceptedNames(section)];
      notes.push(`${configFileName}:${line}: unknown option "${name}" in [${section}]${meant(name, known)}`);
    }
  }
  if (accepted.length > 0) notes.push(withoutEffect(configFileName, accepted));
  return settings;
}

function settingsOfEnvironment(env: ConfigSources['env'], notes: string[]): Setting[] {
  const settings: Setting[] = [];
  const accepted: string[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith('STORMTAIL_') || text === undefined) continue;
    if (otherVariables.includes(variable) || foreignVariables.includes(variable)) continue;
    const option = variables.get(variable);
    if (option) settings.push({ ...option, text, place: 'environment', label: variable });
    else if (acceptedVariables.has(variable)) accepted.push(variable);
    else
      notes.push(
        `environment: unknown setting ${variable}${meant(variable, [...variables.keys(), ...otherVariables])}`,
      );
  }
  if (accepted.length > 0) notes.push(withoutEffect('environment', accepted));
  return settings;
}

function withoutEffect(place: string, names: readonly string[]): string {
  return `${place}: accepted for compatibility, without effect in this version: ${names.join(', ')}`;
}

/** Defaults, then the settings in order: what comes later wins. Only the winner has to be good. */
function readSettings(settings: readonly Setting[], problems: string[]): { [S in Section]: SectionValues<S> } {
  const winners = new Map(settings.map((setting) => [`${setting.section}.${setting.name}`, setting]));
  const values: Record<string, Record<string, unknown>> = {};
  for (const [section, rows] of Object.entries(configOptions)) {
    const sectionValues: Record<string, unknown> = {};
    for (const [name, row] of Object.entries<OptionRow>(rows)) {
      sectionValues[name] = row.default;
      const setting = winners.get(`${section}.${name}`);
      if (!setting) continue;
      const result = parseOption(row, setting.text.trim());
      if ('value' in result) sectionValues[name] = result.value;
      else problems.push(`${setting.place}: ${setting.label}: expected ${result.expected}, got ${shown(setting)}`);
    }
    values[section] = sectionValues;
  }
  return values as { [S in Section]: SectionValues<S> }; // built from the same table the type is derived from, row by row
}

/** Values of settings whose name says that they are secret do not belong in messages. */
function shown(setting: Setting): string {
  return /password|secret|kwargs|key|token$/.test(setting.name) ? 'something else' : JSON.stringify(setting.text);
}

/** Settings that are allowed but will surprise somebody. */
function surprises(config: Config): string[] {
  const notes: string[] = [];
  const { listen, api, auth } = config;
  if (isLoopback(listen.host)) return notes;
  if (!auth.enable) {
    notes.push(
      `[auth] enable is off and ${formatListenAddress(listen)} is reachable from other machines: everybody there may run commands as ${config.system_user.user}`,
    );
  }
  if (api.auth_cookie_secure) {
    notes.push(
      `[api] auth_cookie_secure is on: browsers on other machines keep their login only over https; put a TLS proxy in front of ${formatListenAddress(listen)}, or turn it off on a trusted network`,
    );
  }
  return notes;
}

/** `STORMTAIL_API_MAX_PAGE_SIZE` → `[api] max_page_size`, for every option that this version acts on. */
const variables: ReadonlyMap<string, { section: string; name: string }> = variablesOf(configOptions);
const acceptedVariables: ReadonlySet<string> = new Set(variablesOf(acceptedOptions).keys());

function variablesOf(table: Readonly<Record<string, object>>): Map<string, { section: string; name: string }> {
  return new Map(
    Object.entries(table).flatMap(([section, rows]) =>
      Object.keys(rows).map((name) => [variableOf(section, name), { section, name }] as const),
    ),
  );
}

export function variableOf(section: string, name: string): string {
  return `STORMTAIL_${section}_${name}`.toUpperCase();
}

const knownSections: readonly string[] = [...new Set([...Object.keys(configOptions), ...Object.keys(acceptedOptions)])];

function optionsOf(section: string): Readonly<Record<string, OptionRow>> {
  const all: Readonly<Record<string, Readonly<Record<string, OptionRow>>>> = configOptions;
  return Object.hasOwn(all, section) ? (all[section] ?? {}) : {};
}

function rowOf(section: string, name: string): OptionRow | undefined {
  const rows = optionsOf(section);
  return Object.hasOwn(rows, name) ? rows[name] : undefined;
}

function acceptedNames(section: string): readonly string[] {
  const all: Readonly<Record<string, Readonly<Record<string, string>>>> = acceptedOptions;
  return Object.hasOwn(all, section) ? Object.keys(all[section] ?? {}) : [];
}

function meant(name: string, candidates: Iterable<string>): string {
  const candidate = closestName(name, candidates);
  return candidate === undefined ? '' : `; did you mean "${candidate}"?`;
}

function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // ENOTDIR: the home is a file; whoever opens the home says that better.
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
    throw new Fault('invalid_config', `${path} cannot be read (${systemCode(error) ?? 'unknown reason'})`, {
      cause: error,
    });
  }
}
