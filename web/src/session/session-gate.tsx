/**
 * Lets in who is logged in. The address stays as it is, so after logging in one is where one wanted to be. When a session expires
 * the pages stay mounted but hidden: the same user finds a half-filled form as it was; another user starts afresh.
 */
import { type ReactNode, useEffect, useRef } from 'react';
import { LoginPage } from './login-page.tsx';
import { useSession } from './use-session.ts';

interface SessionGateProps {
  /** The same user is back after an expired session: what is shown may be old. */
  readonly onReturn: () => void;
  readonly children: ReactNode;
}

export function SessionGate({ onReturn, children }: SessionGateProps) {
  const session = useSession();
  const before = useRef(session);
  useEffect(() => {
    const last = before.current;
    before.current = session;
    if (last.kind === 'expired' && session.kind === 'active' && last.user === session.user) onReturn();
  });
  if (session.kind === 'none') return <LoginPage expiredUser={undefined} />;
  const isExpired = session.kind === 'expired';
  return (
    <>
      {isExpired && <LoginPage expiredUser={session.user} />}
      <div key={session.user} style={{ display: isExpired ? 'none' : 'contents' }}>
        {children}
      </div>
    </>
  );
}
