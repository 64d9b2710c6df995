/** Tokens between calls: `~/.st2/token-<user>`, in the original's form, so that both programs share them. */
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, systemCode } from '../base/errors.ts';
import { isObject, tryParseJson } from '../base/json.ts';
import { parseTimestamp } from '../base/timestamp.ts';
import { configDirectory } from './client-config.ts';
import type { Terminal } from './terminal.ts';

/** A token that is about to expire would fail in the middle of a command. */
const graceSeconds = 15;

function tokenPath(username: string, environment: NodeJS.ProcessEnv): string {
  return join(configDirectory(environment), `token-${username.replaceAll('/', '_')}`);
}

/** The token, or undefined where none is kept or it expires too soon. Throws Fault `invalid_config` for a broken file. */
export function readToken(username: string, terminal: Terminal, nowMs: number): string | undefined {
  const path = tokenPath(username, terminal.environment);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    terminal.tell(`warning: token in "${path}" cannot be read (${systemCode(error)}); logging in instead`);
    return undefined;
  }
  const value = tryParseJson(text);
  if (!isObject(value) || typeof value.token !== 'string' || typeof value.expire_timestamp !== 'number')
    throw new Fault(
      'invalid_config',
      `File "${path}" with cached token is corrupted or invalid. Please delete this file`,
    );
  if ((statSync(path).mode & 0o007) !== 0)
    terminal.tell(`warning: "${path}" holds a token and can be read by every user; chmod o-rwx it`);
  return value.expire_timestamp - graceSeconds < nowMs / 1000 ? undefined : value.token;
}

/** Keeps the token for the user. Where that is not possible, says so and goes on: the next call logs in again. */
export function writeToken(token: { user: string; token: string; expiry: string }, terminal: Terminal): void {
  const expireUs = parseTimestamp(token.expiry);
  if (expireUs === undefined) return;
  // The spaces are Python's, so that the file is the same whichever program wrote it.
  const content = `{"token": ${JSON.stringify(token.token)}, "expire_timestamp": ${Math.floor(expireUs / 1_000_000)}}`;
  try {
    writePrivate(tokenPath(token.user, terminal.environment), content, terminal.environment);
  } catch (error) {
    terminal.tell(`warning: the token cannot be kept (${systemCode(error)}); the next call will log in again`);
  }
}

/** Writes a file into ~/.st2 that only its owner and group may read; makes the directory where it is missing. */
export function writePrivate(path: string, content: string, environment: NodeJS.ProcessEnv): void {
  const directory = configDirectory(environment);
  try {
    mkdirSync(directory);
    chmodSync(directory, 0o2770); // apart from mkdir, whose mode the umask would cut
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
  writeFileSync(path, content, { mode: 0o600 });
  chmodSync(path, 0o660);
}
