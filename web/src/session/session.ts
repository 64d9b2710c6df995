/**
 * Who is logged in: token, user and expiry, kept in the browser so that a reload and other tabs go on. Three states:
 * nobody; active; expired, when the server refused the token while pages were open. An expired session keeps the pages (and what was
 * typed into them) in place until the same user is back.
 */
import type { Token } from '../server/types.ts';

export type Session =
  | { readonly kind: 'none' }
  | { readonly kind: 'active'; readonly token: string; readonly user: string; readonly expiry: string }
  | { readonly kind: 'expired'; readonly user: string };

const storageKey = 'stormtail.session';
const listeners = new Set<() => void>();
let session: Session = read();

export function currentSession(): Session {
  return session;
}

/** Calls `listener` after each change. Returns the way to stop. */
export function onSessionChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function startSession({ token, user, expiry }: Token): void {
  localStorage.setItem(storageKey, JSON.stringify({ token, user, expiry }));
  become({ kind: 'active', token, user, expiry });
}

/** The server has no log-out; forgetting the token is all there is to do. */
export function endSession(): void {
  localStorage.removeItem(storageKey);
  become({ kind: 'none' });
}

/** The server refused `token`. Does nothing when another one is in use by now: the refusal was for an old request. */
export function expireSession(token: string): void {
  if (session.kind !== 'active' || session.token !== token) return;
  localStorage.removeItem(storageKey);
  become({ kind: 'expired', user: session.user });
}

/** Resolves with an active session: the present one, or the one the next login makes. */
export async function nextSession(signal: AbortSignal): Promise<Session & { kind: 'active' }> {
  if (session.kind === 'active') return session;
  return new Promise((resolve, reject) => {
    const stop = onSessionChange(() => {
      if (session.kind !== 'active') return;
      stop();
      resolve(session);
    });
    signal.addEventListener('abort', () => {
      stop();
      reject(signal.reason as Error); // an AbortError, set by whoever aborted
    });
  });
}

function become(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}

function read(): Session {
  const text = localStorage.getItem(storageKey);
  if (text === null) return { kind: 'none' };
  try {
    const { token, user, expiry } = JSON.parse(text) as Partial<Token>; // our own record, checked in the next line
    if (typeof token !== 'string' || typeof user !== 'string' || typeof expiry !== 'string') return { kind: 'none' };
    return Date.parse(expiry) > Date.now() ? { kind: 'active', token, user, expiry } : { kind: 'none' };
  } catch {
    return { kind: 'none' }; // not our JSON: as good as nothing
  }
}

// Another tab logged in or out.
window.addEventListener('storage', (event) => {
  if (event.key !== storageKey && event.key !== null) return;
  const next = read();
  if (next.kind === 'active' || session.kind === 'active') become(next);
});
