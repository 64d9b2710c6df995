/**
 * Who is asking: from the one credential a request presents to a requester, or the 401 that says why not
 * (spec/auth-rbac.md §1). Where a credential is looked for is the API's business (api/credentials.ts).
 *
 * What was found good is remembered for a moment, because a busy client presents the same key a thousand times a
 * second. Changes made through this process are seen at once (`forgetCredentials`), those of others within that moment.
 */
import { Fault } from '../base/errors.ts';
import { apiKeyHash } from './api-keys.ts';
import type { Context } from './context.ts';
import { type Identity, rememberedCredentials } from './remembered-credentials.ts';
import { isServiceToken, verifyServiceToken } from './service-token.ts';
import { findToken } from './tokens.ts';

export interface PresentedCredential {
  readonly kind: 'token' | 'api_key';
  readonly text: string;
}

/** Fails with `unauthenticated`. With authentication off, everybody is the system user and nothing is checked. */
export async function authenticate(context: Context, presented: PresentedCredential | undefined): Promise<Identity> {
  if (!context.settings.authEnabled) return identityOf(context.settings.systemUser);
  if (!presented) throw new Fault('unauthenticated', 'Unauthorized - One of Token or API key required.');
  // Not remembered: it must stop working the moment its execution ends.
  if (presented.kind === 'token' && isServiceToken(presented.text)) return byServiceToken(context, presented.text);
  const remembered = rememberedCredentials(context);
  const cacheKey = `${presented.kind} ${presented.text}`;
  const nowUs = context.clock.nowUs();
  const known = remembered.find(cacheKey, nowUs);
  if (known) return known;
  const generation = remembered.generation;
  const identity =
    presented.kind === 'token'
      ? await byToken(context, presented.text, nowUs)
      : await byApiKey(context, presented.text);
  remembered.keep(cacheKey, identity, { nowUs, generation });
  return identity;
}

async function byServiceToken(context: Context, text: string): Promise<Identity> {
  const verified = await verifyServiceToken(context, text);
  if (!verified) throw new Fault('unauthenticated', 'Unauthorized');
  return identityOf(verified.user);
}

async function byToken(context: Context, text: string, nowUs: number): Promise<Identity> {
  const token = await findToken(context, text);
  if (!token) throw new Fault('unauthenticated', 'Unauthorized');
  if (token.expiry_us <= nowUs) throw new Fault('unauthenticated', 'Unauthorized - Token has expired.');
  return { ...identityOf(token.user), tokenExpiryUs: token.expiry_us };
}

/** Unlike the original, the answer does not show the hash. */
async function byApiKey(context: Context, text: string): Promise<Identity> {
  const key = await context.store.access.findApiKey(apiKeyHash(text));
  if (!key) throw new Fault('unauthenticated', 'Unauthorized - ApiKey not found.');
  if (!key.enabled) throw new Fault('unauthenticated', 'Unauthorized - API key is disabled.');
  return identityOf(key.user);
}

/** Without roles, everybody who got in is an admin. */
function identityOf(user: string): Identity {
  return { requester: { user, isAdmin: true } };
}
