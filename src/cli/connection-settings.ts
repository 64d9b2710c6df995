/**
 * Where the services are and who we are, from everything that may say so. First wins: command line, configuration file,
 * environment, `cli.json` of a server of ours on this machine, the original's defaults (spec/cli.md §6.2, as measured).
 */
import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Fault, messageOf, systemCode } from '../base/errors.ts';
import { isObject, tryParseJson } from '../base/json.ts';
import type { Endpoints } from '../client/api-client.ts';
import type { Verification } from '../client/transport.ts';
import { type ClientConfig, skipsConfig } from './client-config.ts';
import type { Options } from './options.ts';
import type { Terminal } from './terminal.ts';

export interface ConnectionSettings {
  readonly endpoints: Endpoints;
  readonly verification: Verification;
  readonly token?: string;
  readonly apiKey?: string;
  readonly basicAuth?: string;
}

export function connectionSettings(
  call: { readonly options: Options; readonly globals: Options },
  config: ClientConfig,
  terminal: Terminal,
): ConnectionSettings {
  const { globals } = call;
  const { environment } = terminal;
  const pick = (option: string, configured: string | undefined, variable: string): string | undefined =>
    globals.text(option) ?? configured ?? (environment[variable] || undefined);
  const base = pick('url', config.text('general', 'base_url'), 'ST2_BASE_URL');
  const api = pick('api-url', config.text('api', 'url'), 'ST2_API_URL');
  const auth = pick('auth-url', config.text('auth', 'url'), 'ST2_AUTH_URL');
  const stream = pick('stream-url', config.text('stream', 'url'), 'ST2_STREAM_URL');
  const version = pick('api-version', config.text('general', 'api_version'), 'ST2_API_VERSION') ?? 'v1';
  const basicAuth = pick('basic-auth', config.text('credentials', 'basic_auth'), 'ST2_BASIC_AUTH');
  const credentials = knownCredentials(call.options, config, environment);

  const isSilent = [base, api, auth, stream].every((url) => url === undefined);
  const local = isSilent && !skipsConfig(globals, environment) ? readLocalServer(terminal) : undefined;
  const root = trimmed(base ?? 'http://127.0.0.1');
  const usual: Endpoints = local
    ? {
        api: `${local.url}/api/${version}`,
        auth: `${local.url}/auth/${version}`,
        stream: `${local.url}/stream/${version}`,
      }
    : { api: `${root}:9101/${version}`, auth: `${root}:9100`, stream: `${root}:9102/${version}` };
  // The key of the local server is for the local server alone, and only where nobody said who they are.
  const isNobody = credentials.token === undefined && credentials.apiKey === undefined;
  const hasLogin = config.text('credentials', 'username') !== undefined;
  const ownKey = local && isNobody && !hasLogin ? { apiKey: local.apiKey } : {};
  return {
    endpoints: {
      api: trimmed(api ?? usual.api),
      auth: trimmed(auth ?? usual.auth),
      stream: trimmed(stream ?? usual.stream),
    },
    verification: verification(pick('cacert', config.text('general', 'cacert'), 'ST2_CACERT')),
    ...credentials,
    ...ownKey,
    ...(basicAuth === undefined ? {} : { basicAuth }),
  };
}

/** From flags or the environment, both kinds at once if both are there; else the key in the configuration. */
function knownCredentials(
  options: Options,
  config: ClientConfig,
  environment: NodeJS.ProcessEnv,
): { token?: string; apiKey?: string } {
  const token = options.text('token') ?? (environment.ST2_AUTH_TOKEN || undefined);
  const apiKey = options.text('api-key') ?? (environment.ST2_API_KEY || undefined);
  if (token !== undefined || apiKey !== undefined)
    return { ...(token === undefined ? {} : { token }), ...(apiKey === undefined ? {} : { apiKey }) };
  const configured = config.text('credentials', 'api_key');
  return configured === undefined ? {} : { apiKey: configured };
}

function verification(cacert: string | undefined): Verification {
  if (cacert === undefined) return false; // as the original: packages come with a certificate signed by themselves
  const word = cacert.toLowerCase();
  if (['true', '1', 't', 'y', 'yes'].includes(word)) return true;
  if (['false', '0', 'f', 'no'].includes(word)) return false;
  try {
    return { bundle: readFileSync(cacert, 'utf8') };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw new Fault('invalid_config', `CA cert file "${cacert}" does not exist.`);
    throw new Fault('invalid_config', `CA cert file "${cacert}" cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** What the server left for us: `{"url", "api_key"}` in STORMTAIL_HOME/cli.json. */
function readLocalServer(terminal: Terminal): { url: string; apiKey: string } | undefined {
  const { environment } = terminal;
  const home = environment.STORMTAIL_HOME || join(environment.HOME || homedir(), '.stormtail');
  const path = join(home, 'cli.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return undefined; // no server of this user's here
    throw error;
  }
  const value = tryParseJson(text);
  if (!isObject(value) || typeof value.url !== 'string' || typeof value.api_key !== 'string')
    throw new Fault(
      'invalid_config',
      `"${path}" is not {"url": …, "api_key": …}; restart the server to have it written anew`,
    );
  if ((statSync(path).mode & 0o077) !== 0)
    terminal.tell(`warning: "${path}" holds a key and can be read by others; chmod 600 it`);
  return { url: trimmed(value.url), apiKey: value.api_key };
}

function trimmed(url: string): string {
  return url.replace(/\/+$/, '');
}
