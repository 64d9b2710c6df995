/**
 * Tokens that actions are given to call back. Nothing is stored: the token names execution, user and expiry under a
 * signature, and counts only while that execution runs, so it is gone the moment the action ends.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { isFinal } from '../core/model/execution-status.ts';
import type { Context } from './context.ts';

const prefix = 'st.';

export function isServiceToken(token: string): boolean {
  return token.startsWith(prefix);
}

/** The same for the same beginning: a server that takes over an execution knows the token that its process was given. */
export function issueServiceToken(context: Context, executionId: string, user: string, sinceUs: number): string {
  const expiresS = Math.floor(sinceUs / 1_000_000) + context.settings.serviceTokenTtlS;
  const body = `${executionId}.${expiresS.toString(36)}.${Buffer.from(user).toString('base64url')}`;
  return `${prefix}${body}.${sign(context, body)}`;
}

/** The user the token speaks for, or undefined: forged, expired, or its execution is over. */
export async function verifyServiceToken(
  context: Context,
  token: string,
): Promise<{ readonly user: string } | undefined> {
  const [executionId, expires, user, signature, ...rest] = token.slice(prefix.length).split('.');
  if (!isServiceToken(token) || !executionId || !expires || !user || !signature || rest.length > 0) return undefined;
  const expected = Buffer.from(sign(context, `${executionId}.${expires}.${user}`));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  if (Number.parseInt(expires, 36) * 1_000_000 < context.clock.nowUs()) return undefined;
  const execution = await context.store.executions.find(executionId);
  if (!execution || isFinal(execution.status)) return undefined;
  return { user: Buffer.from(user, 'base64url').toString() };
}

function sign(context: Context, body: string): string {
  return createHmac('sha256', context.settings.serviceTokenKey).update(body).digest('base64url');
}
