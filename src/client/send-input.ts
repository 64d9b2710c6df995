/**
 * Input for a running execution, piece by piece: each is so short that the server takes it whole or not at all, so that one
 * that was refused can be sent again, and nothing arrives twice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isFault, messageOf, systemCode } from '../base/errors.ts';
import type { ApiClient } from './api-client.ts';

/** Below 4096 bytes, what a pipe takes whole, with the three bytes of a character that began in the piece before. */
const pieceBytes = 4_000;
/** The server has waited for the program already when it refuses. */
const againMs = 250;

export type Sent =
  | { readonly kind: 'sent' }
  /** The execution takes no more; `reason` can be shown. */
  | { readonly kind: 'refused'; readonly reason: string };

export class InputSender {
  readonly #client: ApiClient;
  readonly #path: string;
  readonly #signal: AbortSignal;
  /** Holds the beginning of a character whose rest has not come yet. */
  readonly #decoder = new TextDecoder();

  constructor(client: ApiClient, executionId: string, signal: AbortSignal) {
    this.#client = client;
    this.#path = `/executions/${encodeURIComponent(executionId)}/stdin`;
    this.#signal = signal;
  }

  /** Resolves when all of it was taken, however long the program leaves it unread. Throws when the signal is aborted. */
  async send(bytes: Uint8Array): Promise<Sent> {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const data = this.#decoder.decode(bytes.subarray(at, at + pieceBytes), { stream: true });
      const sent: Sent = data === '' ? { kind: 'sent' } : await this.#post({ data });
      if (sent.kind === 'refused') return sent;
    }
    return { kind: 'sent' };
  }

  end(): Promise<Sent> {
    return this.#post({ eof: true });
  }

  async #post(body: { readonly data: string } | { readonly eof: true }): Promise<Sent> {
    for (;;) {
      try {
        const { status, faultstring, error } = await this.#client.callAny('POST', this.#path, {
          body,
          signal: this.#signal,
        });
        if (status < 400) return { kind: 'sent' };
        if (status === 409) return { kind: 'refused', reason: faultstring ?? error.message };
        if (status !== 503) throw error;
      } catch (error) {
        // Nothing was sent where nobody listens. A connection that breaks later leaves open what arrived.
        if (!isFault(error, 'unreachable') || systemCode(error.cause) !== 'ECONNREFUSED') throw unknown(error);
      }
      await sleep(againMs, undefined, { signal: this.#signal });
    }
  }
}

function unknown(error: unknown): unknown {
  if (!isFault(error, 'unreachable')) return error;
  return new Error(`${messageOf(error)}; whether the last input arrived is not known`, { cause: error });
}
