/**
 * What the first start leaves behind so that people get in: a first user with a random password, and credentials for
 * the command line on the same machine.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault, messageOf, systemCode } from '../base/errors.ts';
import { isObject, tryParseJson } from '../base/json.ts';
import { apiKeyHash, createApiKey } from './api-keys.ts';
import type { Context } from './context.ts';
import { bcryptHash } from './htpasswd.ts';

const firstUser = 'st2admin';
const onlyOwner = 0o600;

/**
 * Makes the htpasswd file where there is none. `password` is there only then: show it, nobody can find it again.
 * `home_unusable` where the file cannot be written.
 */
export async function ensureFirstUser(
  context: Context,
): Promise<{ readonly user: string; readonly password?: string }> {
  const path = context.settings.htpasswdPath;
  if (existsSync(path)) return { user: firstUser };
  const password = randomBytes(15).toString('base64url'); // 120 bits in 20 characters
  try {
    // Never over a file that came to be in the meantime.
    await writeFile(path, `${firstUser}:${await bcryptHash(password)}\n`, { mode: onlyOwner, flag: 'wx' });
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return { user: firstUser };
    throw unwritable(path, error);
  }
  return { user: firstUser, password };
}

/**
 * Keeps `cli.json` in the home directory working: the API key in it stays while it is good, and is replaced by a
 * fresh one of the first user otherwise. Returns where the file is.
 */
export async function ensureCliCredentials(context: Context, { url }: { readonly url: string }): Promise<string> {
  const path = join(context.settings.home, 'cli.json');
  const known = await readCredentials(path);
  const isGood = known !== undefined && (await isWorking(context, known.api_key));
  if (isGood && known.url === url) return path;
  const api_key = isGood ? known.api_key : await freshKey(context);
  const part = `${path}.${randomUUID()}`;
  try {
    await writeFile(part, `${JSON.stringify({ url, api_key })}\n`, { mode: onlyOwner, flag: 'wx' });
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw unwritable(path, error);
  }
  return path;
}

async function readCredentials(path: string): Promise<{ url: unknown; api_key: string } | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw new Fault('home_unusable', `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  const value = tryParseJson(text);
  return isObject(value) && typeof value.api_key === 'string' ? { url: value.url, api_key: value.api_key } : undefined;
}

async function isWorking(context: Context, key: string): Promise<boolean> {
  return (await context.store.access.findApiKey(apiKeyHash(key)))?.enabled === true;
}

async function freshKey(context: Context): Promise<string> {
  const requester = { user: firstUser, isAdmin: true };
  const metadata = { used_by: `the command line on ${context.settings.hostname}` };
  const { text } = await createApiKey(context, requester, { metadata });
  if (text === undefined) throw new Fault('home_unusable', 'no API key was made for the command line');
  return text;
}

function unwritable(path: string, error: unknown): Fault {
  return new Fault('home_unusable', `${path} cannot be written: ${messageOf(error)}`, { cause: error });
}
