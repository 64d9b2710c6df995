/**
 * Tokens: short-lived credentials that a password buys (spec/auth-rbac.md §2). The text is shown once, to who asked;
 * the store keeps its hash.
 */
import { createHash, randomBytes } from 'node:crypto';
import { Fault } from '../base/errors.ts';
import type { Token } from '../core/model/user.ts';
import type { Context } from './context.ts';
import { isServiceToken, verifyServiceToken } from './service-token.ts';

export interface TokenWish {
  readonly user: string;
  /** Seconds; the configured life where absent. */
  readonly ttlS?: number | undefined;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** Also removes what has expired: logging in is rare, and nothing else has to remember to. */
export async function createToken(
  context: Context,
  wish: TokenWish,
): Promise<{ readonly token: Token; readonly text: string }> {
  const maxS = context.settings.tokenTtlS;
  const ttlS = wish.ttlS ?? maxS;
  if (ttlS > maxS) throw new Fault('invalid_input', `TTL specified ${ttlS} is greater than max allowed ${maxS}.`);
  const nowUs = context.clock.nowUs();
  const text = randomBytes(16).toString('hex'); // 32 hex digits, the form of StackStorm's
  const token: Token = {
    id: context.newId(),
    user: wish.user,
    token_hash: tokenHash(text),
    expiry_us: nowUs + ttlS * 1_000_000,
    metadata: wish.metadata ?? {},
    service: false,
  };
  await context.store.access.removeExpiredTokens(nowUs - expiredKeptUs);
  await context.store.access.insertToken(token);
  return { token, text };
}

/** Who comes back the day after is told that the token has expired, not that it never was. */
const expiredKeptUs = 7 * 24 * 3600 * 1_000_000;

/** The stored token, expired or not. */
export async function findToken(context: Context, text: string): Promise<Token | undefined> {
  return context.store.access.findToken(tokenHash(text));
}

/** Whether a request with this token would be let in. */
export async function isValidToken(context: Context, text: string): Promise<boolean> {
  if (isServiceToken(text)) return (await verifyServiceToken(context, text)) !== undefined;
  const token = await findToken(context, text);
  return token !== undefined && token.expiry_us > context.clock.nowUs();
}

/** Tokens are 128 random bits: nothing to guess, so a fast hash is enough. */
function tokenHash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
