/** One connection that has logged in: commands and forwards over it, and the moment it is gone. */
import type { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { messageOf } from '../../../base/errors.ts';
import { type ExecOptions, type OpenedChannel, openedChannel } from './ssh-channel.ts';
import { SshError } from './ssh-error.ts';

/** `full` and `gone`: the command was certainly not started, and may be started over another connection. */
export type ExecAnswer =
  | ({ readonly kind: 'open' } & OpenedChannel)
  | { readonly kind: 'full'; readonly reason: string }
  | { readonly kind: 'gone'; readonly error: SshError };

export class SshConnection {
  readonly #client: Client;
  readonly #stream: Duplex;
  /** `stanley@web1:22`. */
  readonly name: string;
  #lost: SshError | undefined;
  #lastError: unknown;
  /** Resolves with the reason. */
  readonly closed: Promise<SshError>;

  constructor(client: Client, stream: Duplex, name: string) {
    this.#client = client;
    this.#stream = stream;
    this.name = name;
    client.on('error', (error) => {
      this.#lastError ??= error;
      // The library says goodbye politely; a peer that we cannot understand any more, or that is silent, need not answer.
      stream.destroy();
    });
    this.closed = new Promise((resolve) => {
      client.on('close', () => resolve(this.#loseWith()));
    });
  }

  get isOpen(): boolean {
    return this.#lost === undefined;
  }

  /** Throws SshError `lost` where the command may or may not have been started, and `channel-refused` where it was not. */
  exec(command: string, options: ExecOptions): Promise<ExecAnswer> {
    if (this.#lost) return Promise.resolve({ kind: 'gone', error: this.#lost });
    return new Promise((resolve, reject) => {
      const answer = (error: Error | undefined, channel?: ClientChannel): void => {
        if (channel && !error) {
          resolve({ kind: 'open', ...openedChannel(channel, options, () => this.#lost) });
          return;
        }
        const failure = error ?? new Error('no channel');
        if (refusalOf(failure) !== undefined) resolve({ kind: 'full', reason: failure.message });
        else if (this.#lost && isUnsent(failure)) resolve({ kind: 'gone', error: this.#lost });
        else reject(this.#lost ?? this.#refused(failure, options));
      };
      try {
        const pty = options.pty && { rows: options.pty.rows, cols: options.pty.columns, width: 0, height: 0 };
        this.#client.exec(command, pty ? { pty } : {}, answer);
      } catch (error) {
        // "Not connected": its stream has ended, and `close` is on its way.
        this.#lastError ??= error;
        resolve({ kind: 'gone', error: this.#loseWith() });
      }
    });
  }

  /** A stream to a place that the host connects to. Throws SshError `channel-refused`, `refused` or `lost`. */
  forward(host: string, port: number): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      try {
        this.#client.forwardOut('127.0.0.1', 0, host, port, (error, stream) => {
          if (!error) resolve(stream);
          else reject(this.#lost ?? this.#unforwarded(error, `${host}:${port}`));
        });
      } catch (error) {
        this.#lastError ??= error;
        reject(this.#loseWith());
      }
    });
  }

  /** Says goodbye, and goes without an answer when `abandon` is aborted. `reason` is what open channels are told. */
  async end(reason: string, abandon: AbortSignal): Promise<void> {
    this.#lost ??= new SshError('lost', `the connection to ${this.name} was closed: ${reason}`);
    this.#client.end();
    const drop = (): void => {
      this.#stream.destroy();
    };
    if (abandon.aborted) drop();
    abandon.addEventListener('abort', drop, { once: true });
    await this.closed;
    abandon.removeEventListener('abort', drop);
  }

  #loseWith(): SshError {
    const reason = this.#lastError === undefined ? 'the host closed it' : messageOf(this.#lastError);
    this.#lost ??= new SshError('lost', `the connection to ${this.name} was lost: ${reason}`, {
      cause: this.#lastError,
    });
    return this.#lost;
  }

  #refused(error: Error, options: ExecOptions): SshError {
    const what = /pseudo-terminal/.test(error.message)
      ? 'refused a terminal'
      : `refused to run a command${options.pty ? ' in a terminal' : ''}`;
    return new SshError('channel-refused', `${this.name} ${what}: ${error.message}`, { cause: error });
  }

  /** Reasons of RFC 4254 §5.1. */
  #unforwarded(error: Error, place: string): SshError {
    const reason = refusalOf(error);
    if (reason === 1) {
      const text = `${this.name} does not forward to ${place}: its sshd does not allow it (AllowTcpForwarding, PermitOpen)`;
      return new SshError('channel-refused', text, { cause: error });
    }
    const said = error.message.replace('(SSH) Channel open failure: ', '');
    const problem = reason === 2 ? 'refused' : 'channel-refused';
    return new SshError(problem, `${this.name} cannot connect to ${place}: ${said}`, { cause: error });
  }
}

/** The number that the host gave as its reason for opening no channel. */
function refusalOf(error: Error): number | undefined {
  return 'reason' in error && typeof error.reason === 'number' ? error.reason : undefined;
}

/** True of failures before the request to run a command was written. */
function isUnsent(error: Error): boolean {
  return !/Unable to exec|pseudo-terminal/.test(error.message);
}
