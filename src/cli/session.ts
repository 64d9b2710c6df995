/** An open connection to the services for one command: settings read, logged in where the configuration asks for it. */
import { isFault } from '../base/errors.ts';
import { isObject } from '../base/json.ts';
import { ApiClient, basic, type Credentials } from '../client/api-client.ts';
import { HttpStatusError } from '../client/http-status-error.ts';
import { type Exchange, Transport } from '../client/transport.ts';
import { type ClientConfig, readClientConfig } from './client-config.ts';
import type { Call } from './command.ts';
import { type ConnectionSettings, connectionSettings } from './connection-settings.ts';
import type { Terminal } from './terminal.ts';
import { readToken, writeToken } from './token-cache.ts';

export interface Session {
  readonly client: ApiClient;
  readonly config: ClientConfig;
  readonly settings: ConnectionSettings;
}

/** `login: false` for the commands that log in themselves. */
export async function openSession(call: Call, options: { readonly login?: boolean } = {}): Promise<Session> {
  const config = readClientConfig(call.globals, call.terminal);
  const settings = connectionSettings(call, config, call.terminal);
  const isDebugging = call.globals.has('debug');
  const transport = new Transport({
    verification: settings.verification,
    ...(isDebugging ? { observe: debugPrinter(call.terminal) } : {}),
  });
  const withCredentials = (credentials: Credentials) =>
    new ApiClient({
      endpoints: settings.endpoints,
      credentials,
      ...(settings.basicAuth === undefined ? {} : { basicAuth: settings.basicAuth }),
      transport,
    });
  const given: Credentials = {
    ...(settings.token === undefined ? {} : { token: settings.token }),
    ...(settings.apiKey === undefined ? {} : { apiKey: settings.apiKey }),
  };
  const isKnown = settings.token !== undefined || settings.apiKey !== undefined;
  if (isKnown || options.login === false) return { client: withCredentials(given), config, settings };
  const token = await automaticToken(withCredentials({}), config, call.terminal);
  return { client: withCredentials(token === undefined ? {} : { token }), config, settings };
}

/** The token of the user in the configuration: the kept one, or a new one. Undefined where no user is configured. */
async function automaticToken(
  client: ApiClient,
  config: ClientConfig,
  terminal: Terminal,
): Promise<string | undefined> {
  const username = config.text('credentials', 'username');
  if (username === undefined) return undefined;
  const mayUseKept = config.flag('cli', 'cache_token', true);
  const kept = mayUseKept ? readToken(username, terminal, Date.now()) : undefined;
  const password = config.text('credentials', 'password');
  if (kept !== undefined || password === undefined) return kept;
  try {
    const token = await requestToken(client, { username, password });
    writeToken(token, terminal);
    return token.token;
  } catch (error) {
    if (isFault(error, 'unreachable')) {
      terminal.tell(`warning: not logged in: ${error.message}`);
      return undefined;
    }
    if (error instanceof HttpStatusError)
      await terminal.print('Failed to authenticate with credentials provided in the config.');
    throw error;
  }
}

export interface Token {
  readonly user: string;
  readonly token: string;
  readonly expiry: string;
}

/** `POST /tokens` of the auth service. Throws HttpStatusError for a wrong password. */
export async function requestToken(
  client: ApiClient,
  who: { readonly username: string; readonly password: string; readonly ttlSeconds?: number },
): Promise<Token> {
  const { value } = await client.call('POST', '/tokens', {
    service: 'auth',
    body: who.ttlSeconds === undefined ? {} : { ttl: who.ttlSeconds },
    headers: { Authorization: basic(`${who.username}:${who.password}`) },
  });
  const token = isObject(value) ? value : {};
  return {
    user: String(token.user ?? who.username),
    token: String(token.token ?? ''),
    expiry: String(token.expiry ?? ''),
  };
}

/** `--debug`: a line that can be pasted into a shell, and what came back. */
function debugPrinter(terminal: Terminal) {
  let count = 0;
  return {
    request(exchange: Exchange) {
      count += 1;
      const headers = Object.entries(exchange.headers).map(
        ([name, value]) => `-H  ${shellQuoted(`${name}: ${value}`)}`,
      );
      const body = exchange.body === undefined ? [] : [`--data-binary ${shellQuoted(exchange.body)}`];
      const line = ['curl', '-X', exchange.method, ...headers, ...body, shellQuoted(exchange.url)].join(' ');
      void terminal.print(`# -------- begin ${count} request ----------\n${line}`);
    },
    answer(_exchange: Exchange, body: string) {
      const end = `# -------- end ${count} response ------------\n`;
      void terminal.print(`# -------- begin ${count} response ----------\n${body}\n${end}`);
    },
  };
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
