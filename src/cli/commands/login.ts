/** `login`, `auth` and `whoami`. */
import { readFileSync } from 'node:fs';
import { systemCode } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { HttpStatusError } from '../../client/http-status-error.ts';
import { configPath } from '../client-config.ts';
import type { Call, Outcome } from '../command.ts';
import { editIni } from '../ini-file.ts';
import { UsageError } from '../options.ts';
import { openSession, requestToken, type Token } from '../session.ts';
import { writePrivate, writeToken } from '../token-cache.ts';
import { rowOf, showForProgram, showRecord } from './show.ts';

export async function auth(call: Call): Promise<Outcome> {
  const { token } = await tokenFor(call);
  if (call.options.has('only-token')) await call.terminal.print(token.token);
  else await showRecord(call, { ...token }, { attributes: ['user', 'token', 'expiry'] });
  return 'done';
}

const passwordNote = `
Note: You didn't use --write-password option so the password hasn't been stored in the client config and you will need to login again in 24 hours when the auth token expires.
As an alternative, you can run st2 login command with the "--write-password" flag, but keep it mind this will cause it to store the password in plain-text in the client config file (~/.st2/config).`;

/** Keeps the token, and the user in the configuration; a password that was kept before is removed unless asked for. */
export async function login(call: Call): Promise<Outcome> {
  const { terminal, options } = call;
  const [username = ''] = call.args;
  const { token, password } = await tokenFor(call).catch((error: unknown) => {
    if (!(error instanceof HttpStatusError)) throw error;
    throw new Error(`Failed to log in as ${username}: ${error.message}`, { cause: error });
  });
  writeToken(token, terminal);
  const keeps = options.has('write-password');
  const { path } = configPath(call.globals, terminal.environment);
  const changes = { username, password: keeps ? password : undefined };
  writePrivate(path, editIni(readIfThere(path), 'credentials', changes), terminal.environment);
  await terminal.print(`Logged in as ${username}`);
  if (!keeps) await terminal.print(passwordNote);
  return 'done';
}

/** Always ends well, as the original: scripts ask it whether somebody is logged in by its text. */
export async function whoami(call: Call): Promise<Outcome> {
  const { client } = await openSession(call);
  const answer = await client.callAny('GET', '/user');
  if (answer.status >= 400) {
    await call.terminal.print('Unable to retrieve currently logged-in user');
    return 'done';
  }
  if (await showForProgram(call, answer.value)) return 'done';
  const user = rowOf(answer.value);
  const authentication = isObject(user.authentication) ? user.authentication : {};
  const rbac = isObject(user.rbac) ? user.rbac : {};
  const expiry = authentication.token_expire;
  const lines = [
    `Currently logged in as "${String(user.username ?? '')}".`,
    '',
    `Authentication method: ${String(authentication.method ?? '')}`,
    ...(typeof expiry === 'string' ? [`Authentication token expire time: ${expiry}`] : []),
    '',
    'RBAC:',
    ` - Enabled: ${rbac.enabled === true ? 'True' : 'False'}`,
    ` - Roles: ${Array.isArray(rbac.roles) ? rbac.roles.join(', ') : ''}`,
  ];
  await call.terminal.print(lines.join('\n'));
  return 'done';
}

async function tokenFor(call: Call): Promise<{ token: Token; password: string }> {
  const [username = ''] = call.args;
  const ttlSeconds = call.options.integer('ttl');
  const password = call.options.text('password') ?? (await askPassword());
  const { client } = await openSession(call, { login: false });
  const token = await requestToken(client, { username, password, ...(ttlSeconds === undefined ? {} : { ttlSeconds }) });
  return { token, password };
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return '';
    throw error;
  }
}

/** Asks on the terminal without showing what is typed; without a terminal, the first line of stdin is the password. */
async function askPassword(): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const { Writable } = await import('node:stream');
  process.stderr.write('Password: ');
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: process.stdin.isTTY === true });
  const first = await new Promise<string | undefined>((resolve) => {
    lines.once('line', resolve);
    lines.once('close', () => resolve(undefined));
    lines.once('SIGINT', () => resolve(undefined));
  });
  lines.close();
  process.stderr.write('\n');
  if (first === undefined) throw new UsageError('no password was given');
  return first;
}
