/** The client's configuration file: which options it has, their defaults, and where it lies (spec/cli.md §6.1). */
import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { Fault, messageOf, systemCode } from '../base/errors.ts';
import { parseIni } from './ini-file.ts';
import type { Options } from './options.ts';
import type { Terminal } from './terminal.ts';

/** Section and option to its default; a boolean default makes the option a boolean. */
const defaults = {
  general: {
    base_url: undefined,
    api_version: undefined,
    cacert: undefined,
    silence_ssl_warnings: false,
    silence_schema_output: true,
  },
  cli: { debug: false, cache_token: true, timezone: 'UTC' },
  credentials: { username: undefined, password: undefined, api_key: undefined, basic_auth: undefined },
  api: { url: undefined },
  auth: { url: undefined },
  stream: { url: undefined },
} as const satisfies Record<string, Record<string, string | boolean | undefined>>;

export type Section = keyof typeof defaults;

export class ClientConfig {
  readonly #given: ReadonlyMap<string, ReadonlyMap<string, string>>;

  constructor(given: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map()) {
    this.#given = given;
  }

  /** The option's text; undefined where neither the file nor a default gives one. Empty counts as not given. */
  text(section: Section, name: string): string | undefined {
    return this.#given.get(section)?.get(name) || undefined;
  }

  flag(section: Section, name: string, fallback: boolean): boolean {
    const text = this.text(section, name)?.toLowerCase();
    if (text === undefined) return fallback;
    return ['1', 'yes', 'true', 'on'].includes(text);
  }

  get timezone(): string {
    return this.text('cli', 'timezone') ?? defaults.cli.timezone;
  }

  /** Every section and option with its value: what `--print-config` shows. */
  entries(): { section: string; options: [name: string, value: string][] }[] {
    return Object.entries(defaults).map(([section, options]) => ({
      section,
      options: Object.entries(options).map(([name, fallback]: [string, string | boolean | undefined]) => {
        const text = this.#given.get(section)?.get(name) || undefined;
        if (typeof fallback === 'boolean') {
          const value = text === undefined ? fallback : ['1', 'yes', 'true', 'on'].includes(text.toLowerCase());
          return [name, value ? 'True' : 'False'];
        }
        return [name, text ?? fallback ?? 'None'];
      }),
    }));
  }
}

export function configDirectory(environment: NodeJS.ProcessEnv): string {
  return join(environment.HOME || homedir(), '.st2');
}

/** Where the file is, and whether somebody named it (then it has to exist). */
export function configPath(globals: Options, environment: NodeJS.ProcessEnv): { path: string; isNamed: boolean } {
  const named = globals.text('config-file') ?? environment.ST2_CONFIG_FILE;
  if (!named) return { path: join(configDirectory(environment), 'config'), isNamed: false };
  const home = environment.HOME || homedir();
  return { path: resolve(named.replace(/^~(?=\/)/, home)), isNamed: true };
}

export function skipsConfig(globals: Options, environment: NodeJS.ProcessEnv): boolean {
  return globals.has('skip-config') || Number.parseInt(environment.ST2_CLI_SKIP_CONFIG || '0', 10) !== 0;
}

/** Throws Fault `invalid_config` where a named file is missing, or the file cannot be read or understood. */
export function readClientConfig(globals: Options, terminal: Terminal): ClientConfig {
  if (skipsConfig(globals, terminal.environment)) return new ClientConfig();
  const { path, isNamed } = configPath(globals, terminal.environment);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (!isNamed && systemCode(error) === 'ENOENT') return new ClientConfig();
    throw new Fault('invalid_config', `configuration file "${path}" cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const config = new ClientConfig(parseIni(text, path));
  const holdsSecret = config.text('credentials', 'password') ?? config.text('credentials', 'api_key');
  if (holdsSecret !== undefined && (statSync(path).mode & 0o007) !== 0)
    terminal.tell(`warning: "${path}" holds a secret and can be read by every user; chmod o-rwx it`);
  return config;
}
