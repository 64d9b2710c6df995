/**
 * API keys: credentials that never expire (spec/auth-rbac.md §3). Key text, salt and hash are StackStorm's, so that
 * keys can be moved between installations by their hashes.
 */
import { createHash, randomBytes } from 'node:crypto';
import { Fault, isFault } from '../base/errors.ts';
import { isObjectId } from '../base/object-id.ts';
import type { ApiKey } from '../core/model/user.ts';
import { secretMask } from '../core/model/secret.ts';
import type { Context, Requester } from './context.ts';
import { forgetCredentials } from './remembered-credentials.ts';

export interface ApiKeyWish {
  readonly user?: string | null;
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly enabled?: boolean | null;
  readonly key_hash?: string | null;
}

export function apiKeyHash(text: string): string {
  return createHash('sha512').update(`saltnpepper${text}`).digest('hex');
}

/** 86 letters and digits: base64 of the hex SHA-256 of 2048 random bits, without padding. */
function generateApiKey(): string {
  const digest = createHash('sha256').update(randomBytes(256)).digest('hex');
  return Buffer.from(digest).toString('base64').replaceAll('=', '');
}

/**
 * `text` is the key, shown this one time; undefined where the caller brought a hash. `conflict` where that hash is
 * known, with its id in the details.
 */
export async function createApiKey(
  context: Context,
  requester: Requester,
  wish: ApiKeyWish,
): Promise<{ readonly apiKey: ApiKey; readonly text: string | undefined }> {
  const user = wish.user || requester.user;
  refuseOtherUser(requester, user);
  if (wish.key_hash === secretMask)
    throw new Fault('invalid_input', `key_hash: "${secretMask}" is not a hash; list the keys with show_secrets=true`);
  const text = wish.key_hash ? undefined : generateApiKey();
  const apiKey: ApiKey = {
    id: context.newId(),
    user,
    key_hash: text === undefined ? (wish.key_hash ?? '') : apiKeyHash(text),
    metadata: wish.metadata ?? {},
    created_us: context.clock.nowUs(),
    enabled: wish.enabled ?? true,
  };
  try {
    await context.store.access.insertApiKey(apiKey);
  } catch (error) {
    if (!isFault(error, 'conflict')) throw error;
    const existing = await context.store.access.findApiKey(apiKey.key_hash);
    throw new Fault('conflict', error.message, { details: { id: existing?.id }, cause: error });
  }
  return { apiKey, text };
}

/** By id or by the key itself. */
export async function findApiKey(context: Context, idOrKey: string): Promise<ApiKey | undefined> {
  return context.store.access.findApiKey(isObjectId(idOrKey) ? idOrKey : apiKeyHash(idOrKey));
}

/** Takes over user, metadata and enabled where given. The hash and the time of creation stay. */
export async function updateApiKey(
  context: Context,
  requester: Requester,
  idOrKey: string,
  wish: ApiKeyWish,
): Promise<ApiKey> {
  const known = await getApiKey(context, idOrKey);
  if (wish.key_hash && wish.key_hash !== secretMask && wish.key_hash !== known.key_hash)
    throw new Fault('invalid_input', 'Update of key_hash is not allowed.');
  const user = wish.user || known.user;
  if (user !== known.user) refuseOtherUser(requester, user);
  const changed: ApiKey = {
    ...known,
    user,
    metadata: wish.metadata ?? known.metadata,
    enabled: wish.enabled ?? known.enabled,
  };
  const isChanged = await context.store.access.updateApiKey(changed);
  forgetCredentials(context);
  if (!isChanged) throw missing(idOrKey);
  return changed;
}

export async function removeApiKey(context: Context, idOrKey: string): Promise<void> {
  const known = await getApiKey(context, idOrKey);
  const isRemoved = await context.store.access.removeApiKey(known.id);
  forgetCredentials(context);
  if (!isRemoved) throw missing(idOrKey);
}

async function getApiKey(context: Context, idOrKey: string): Promise<ApiKey> {
  const known = await findApiKey(context, idOrKey);
  if (!known) throw missing(idOrKey);
  return known;
}

/** The message does not repeat a key. */
function missing(idOrKey: string): Fault {
  const shown = idOrKey.length < 64 ? idOrKey : secretMask;
  return new Fault('not_found', `ApiKey with key or id=${shown} not found.`);
}

/** The original lets anybody make keys for anybody, admins included. */
function refuseOtherUser(requester: Requester, user: string): void {
  if (user !== requester.user && !requester.isAdmin)
    throw new Fault('forbidden', '"user" attribute can only be provided by admins');
}
