/**
 * Checking user and password of a login against the htpasswd file, which is read again each time, so that a changed
 * password counts at once (spec/auth-rbac.md §2.4).
 *
 * Guessing is made slow in three ways: hashes are checked one at a time (bcrypt would take the whole event loop from
 * everybody else), wrong answers are given late, later with each further one, and only a few may wait. Slowing is per
 * user and client address, so that nobody is kept out by somebody else's guessing.
 */
import { readFile } from 'node:fs/promises';
import { Fault, messageOf, systemCode } from '../base/errors.ts';
import type { Context } from './context.ts';
import { checkHash, parseHtpasswd } from './htpasswd.ts';

export interface Login {
  readonly user: string;
  readonly password: string;
  /** Where the login comes from, as far as we know. */
  readonly address: string;
}

/** A mistyped password costs half a second, the tenth five. */
const firstDelayMs = 500;
const delayMaxMs = 5_000;
/** So long after the last wrong password the counting starts anew. */
const forgottenUs = 60_000_000;
/** Pairs of user and address that are remembered as failing. */
const failuresMax = 1_000;
/** Logins of one user from one address that may be under way. */
const pairPendingMax = 5;
/** Logins under way altogether; most of them sit out their delay, which costs a connection each. */
const pendingMax = 1_000;
/** Logins in line for the one check: with bcrypt some four seconds' worth. */
const checksMax = 64;

/**
 * Whether the password is right. `busy` where too many logins wait already. A user who does not exist takes as long
 * as one who does.
 */
export async function checkPassword(context: Context, login: Login): Promise<boolean> {
  const gate = gateOf(context);
  return gate.pass(context, `${login.address} ${login.user}`, () => isPasswordRight(context, login));
}

async function isPasswordRight(context: Context, { user, password }: Login): Promise<boolean> {
  const users = parseHtpasswd(await readHtpasswd(context));
  const known = users.get(user);
  // For a stranger some other user's hash is checked, of the kind this file has; what comes out does not count.
  const hash = known ?? users.values().next().value;
  if (hash === undefined) return false;
  const outcome = await checkHash(password, hash);
  if (outcome === 'unsupported' && known !== undefined)
    context.log.error(
      { user, file: context.settings.htpasswdPath },
      'a user cannot log in: the hash in the htpasswd file is neither bcrypt ($2y$), $apr1$ nor {SHA}; crypt(3) is not supported; set the password again with "htpasswd -B"',
    );
  return known !== undefined && outcome === 'match';
}

async function readHtpasswd(context: Context): Promise<string> {
  const path = context.settings.htpasswdPath;
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = systemCode(error) === 'ENOENT' ? 'it does not exist' : messageOf(error);
    context.log.error({ file: path, reason }, 'nobody can log in: the htpasswd file cannot be read');
    return '';
  }
}

/** Who waits, who failed how often, and the one check under way. */
class LoginGate {
  readonly #failures = new Map<string, { count: number; lastUs: number }>();
  /** The end of each pair's queue; present while somebody is in it. */
  readonly #queues = new Map<string, { length: number; tail: Promise<unknown> }>();
  #pending = 0;
  #checks = 0;
  #check: Promise<unknown> = Promise.resolve();

  async pass(context: Context, pair: string, check: () => Promise<boolean>): Promise<boolean> {
    const queue = this.#queues.get(pair) ?? { length: 0, tail: Promise.resolve() };
    if (queue.length >= pairPendingMax || this.#pending >= pendingMax) throw tooMany();
    this.#pending += 1;
    queue.length += 1;
    this.#queues.set(pair, queue);
    const mine = queue.tail.then(() => this.#attempt(context, pair, check));
    queue.tail = mine.catch(() => {}); // the one it belongs to hears of the failure; the next in line goes on
    try {
      return await mine;
    } finally {
      this.#pending -= 1;
      queue.length -= 1;
      if (queue.length === 0) this.#queues.delete(pair);
    }
  }

  async #attempt(context: Context, pair: string, check: () => Promise<boolean>): Promise<boolean> {
    if (await this.#checkInTurn(check)) {
      this.#failures.delete(pair);
      return true;
    }
    const delayMs = this.#countFailure(pair, context.clock.monotonicUs());
    await new Promise<void>((resolve) => context.clock.after(delayMs, resolve));
    return false;
  }

  async #checkInTurn(check: () => Promise<boolean>): Promise<boolean> {
    if (this.#checks >= checksMax) throw tooMany();
    this.#checks += 1;
    const turn = this.#check.then(check);
    this.#check = turn.catch(() => {}); // as above
    try {
      return await turn;
    } finally {
      this.#checks -= 1;
    }
  }

  #countFailure(pair: string, nowUs: number): number {
    const before = this.#failures.get(pair);
    const count = before && nowUs - before.lastUs < forgottenUs ? before.count + 1 : 1;
    this.#failures.delete(pair); // put in again as the newest; the oldest goes when there are too many
    this.#failures.set(pair, { count, lastUs: nowUs });
    if (this.#failures.size > failuresMax) this.#failures.delete(this.#failures.keys().next().value ?? '');
    return Math.min(delayMaxMs, firstDelayMs * count);
  }
}

function tooMany(): Fault {
  return new Fault('busy', 'too many logins at the same time; try again in a few seconds');
}

const gates = new WeakMap<Context, LoginGate>();

function gateOf(context: Context): LoginGate {
  const known = gates.get(context);
  if (known) return known;
  const gate = new LoginGate();
  gates.set(context, gate);
  return gate;
}
