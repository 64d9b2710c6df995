/** Logging in: user name and password for a token (`POST /auth/v1/tokens`, Basic). */
import { RequestFailed, sendForJson } from '../server/request.ts';
import type { Token } from '../server/types.ts';
import { startSession } from './session.ts';

/** Throws RequestFailed with a message for the person at the form. */
export async function logIn(user: string, password: string): Promise<void> {
  // Basic is defined over bytes; names and passwords may hold any letter.
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  const credentials = btoa(String.fromCharCode(...bytes));
  try {
    startSession(
      await sendForJson<Token>('auth/v1/tokens', {
        method: 'POST',
        headers: { Authorization: `Basic ${credentials}` },
        body: {},
      }),
    );
  } catch (error) {
    if (error instanceof RequestFailed && error.status === 401) {
      throw new RequestFailed(401, 'Wrong user name or password.', { cause: error });
    }
    throw error;
  }
}
