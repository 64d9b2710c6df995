/**
 * Who we say we are, to one host: which credential is offered next, and in the end, what was tried. The server is first
 * asked without any (`none`), which tells what it accepts; a credential that it would not look at is not sent.
 */
import type { AnyAuthMethod, AuthenticationType, ParsedKey } from 'ssh2';
import { messageOf } from '../../../base/errors.ts';
import { parsePrivateKey } from './private-key.ts';
import { isSshError, SshError } from './ssh-error.ts';
import { hopName, type SshHop } from './ssh-target.ts';

interface Attempt {
  /** Method as servers call it. */
  readonly method: 'none' | 'publickey' | 'password' | 'keyboard-interactive';
  readonly name: string;
  readonly auth: AnyAuthMethod;
}

export class Authentication {
  readonly #hop: SshHop;
  #left: Attempt[];
  /** For after a partial success, when what was refused before may be what is asked for now. */
  #refused: Attempt[] = [];
  #current: Attempt | undefined;
  readonly #tried: string[] = [];
  readonly #notes: string[];
  #accepted: readonly string[] = [];

  constructor(hop: SshHop, attempts: readonly Attempt[], notes: string[]) {
    this.#hop = hop;
    this.#left = [...attempts];
    this.#notes = notes;
  }

  /** The handler that ssh2 asks for the next attempt; false when there is none. */
  next(methodsLeft: readonly AuthenticationType[] | null, isPartial: boolean | null): AnyAuthMethod | false {
    const last = this.#current;
    // With an agent the library does not pass on what the server said: the list is an old one then.
    const isFresh = methodsLeft !== null && last?.auth.type !== 'agent';
    if (isFresh) this.#accepted = methodsLeft;
    if (isFresh && isPartial === true) this.#left = [...this.#left, ...this.#refused.splice(0)];
    else if (last) this.#refused.push(last);
    for (let attempt = this.#left.shift(); attempt; attempt = this.#left.shift()) {
      if (isFresh && !methodsLeft.some((method) => method === attempt.method)) {
        this.#refused.push(attempt);
        continue;
      }
      this.#current = attempt;
      if (attempt.method !== 'none') this.#tried.push(attempt.name);
      return attempt.auth;
    }
    this.#current = undefined;
    return false;
  }

  /** Something that went wrong on the way and that a refusal should mention. */
  note(text: string): void {
    this.#notes.push(text);
  }

  /** `reason` where the server gave one. */
  refusal(reason?: string): SshError {
    const tried = this.#tried.length > 0 ? `tried ${this.#tried.join(', ')}` : 'none of the credentials could be tried';
    const accepts = this.#accepted.length > 0 ? `; the host accepts ${this.#accepted.join(', ')}` : '';
    const notes = this.#notes.map((note) => `; ${note}`).join('');
    const words = reason === undefined ? '' : `; it said: ${reason}`;
    return new SshError('auth-refused', `${hopName(this.#hop)} refused to log in: ${tried}${accepts}${notes}${words}`, {
      details: { tried: this.#tried, accepted: this.#accepted },
    });
  }
}

/** Throws SshError `key-unusable` where a key that is not optional cannot be read. */
export async function prepareAuthentication(hop: SshHop): Promise<Authentication> {
  const { user: username, credentials } = hop;
  const notes: string[] = [];
  const attempts: Attempt[] = [{ method: 'none', name: 'none', auth: { type: 'none', username } }];
  for (const key of credentials.keys ?? []) {
    let parsed: ParsedKey;
    try {
      parsed = await parsePrivateKey(key);
    } catch (error) {
      if (!key.isOptional || !isSshError(error)) throw error;
      notes.push(`not tried: ${messageOf(error)}`);
      continue;
    }
    const name = `key ${key.from} (${parsed.type})`;
    attempts.push({ method: 'publickey', name, auth: { type: 'publickey', username, key: parsed } });
  }
  if (credentials.agent !== undefined) {
    const name = `the keys of agent ${credentials.agent}`;
    attempts.push({ method: 'publickey', name, auth: { type: 'agent', username, agent: credentials.agent } });
  }
  const { password } = credentials;
  if (password !== undefined) {
    attempts.push({ method: 'password', name: 'password', auth: { type: 'password', username, password } });
    attempts.push(interactive(username, password, notes));
  }
  return new Authentication(hop, attempts, notes);
}

/** Most servers with PAM ask for the password this way, and some only this way. */
function interactive(username: string, password: string, notes: string[]): Attempt {
  let isGiven = false;
  return {
    method: 'keyboard-interactive',
    name: 'keyboard-interactive',
    auth: {
      type: 'keyboard-interactive',
      username,
      prompt: (_name, _instructions, _language, prompts, answer) => {
        const answers = prompts.map(({ prompt, echo }) => {
          // The password answers one hidden question. A second one asks for something else, or again for a wrong one.
          if (!echo && !isGiven) {
            isGiven = true;
            return password;
          }
          notes.push(`it asked ${JSON.stringify(prompt.trim())}, which has no answer here`);
          return '';
        });
        answer(answers);
      },
    },
  };
}
