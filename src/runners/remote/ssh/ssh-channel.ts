/** One command on one host: its input, its output as it comes, its end. */
import type { ClientChannel } from 'ssh2';
import type { SshError } from './ssh-error.ts';

export interface ExecOptions {
  /** With a terminal, both streams come as stdout, and lines end in `\r\n`. */
  readonly pty?: { readonly columns: number; readonly rows: number };
  /**
   * Called for every piece, in the order of arrival; the bytes are the receiver's to keep. While a promise that it returned is
   * pending, nothing more comes of this stream; the host is stopped when 2 MB wait.
   */
  onStdout?(bytes: Uint8Array): void | Promise<void>;
  onStderr?(bytes: Uint8Array): void | Promise<void>;
}

/** Both can be missing after `close()`, and where the host closed the channel without a word. */
export interface SshEnd {
  readonly exitCode?: number;
  /** `SIGTERM`, … */
  readonly signal?: string;
}

/** Names of RFC 4254 §6.10. */
export type SshSignal = 'HUP' | 'INT' | 'KILL' | 'QUIT' | 'TERM' | 'USR1' | 'USR2';

export interface SshChannel {
  /** Resolves when more may be written; also when the command is gone, which does not read any more. */
  write(bytes: Uint8Array | string): Promise<void>;
  /** Ends the input: the command reads the end of its file. */
  end(): void;
  /**
   * Asks the host to signal the command's process group, and hears no answer. OpenSSH does since 7.9, but not for root and not
   * where sshd forces a command; to be sure, run a `kill` as a command of its own.
   */
  signal(name: SshSignal): void;
  /**
   * Lets go: nothing more is delivered, and `closed` resolves. The command is not killed by it: it finds its pipes closed, and
   * with a terminal it gets SIGHUP.
   */
  close(): void;
  /** How the command ended, as soon as the host says so; what it left running may still hold the output open. May never come. */
  readonly exited: Promise<SshEnd>;
  /** After the last byte was delivered. Rejects with SshError `lost` where the connection broke before the end was known. */
  readonly closed: Promise<SshEnd>;
}

/** What the library keeps to itself: it refuses to send a signal once the input has ended, which SSH allows. */
interface Internals {
  readonly outgoing: { readonly id: number; readonly state: string };
  readonly _client: { readonly _protocol: { signal(channel: number, name: string): void } };
}

export interface OpenedChannel {
  readonly channel: SshChannel;
  /** Resolves when the host has closed it too. sshd does so only when the command has ended, and counts the session until then. */
  readonly released: Promise<void>;
}

/** `lost` says why the connection is gone, if it is. */
export function openedChannel(
  channel: ClientChannel,
  options: ExecOptions,
  lost: () => SshError | undefined,
): OpenedChannel {
  let end: SshEnd = {};
  let isLetGo = false;
  let tellLetGo = (): void => {};
  const letGo = new Promise<void>((resolve) => {
    tellLetGo = resolve;
  });
  const exited = new Promise<SshEnd>((resolve) => {
    channel.on('exit', (code: number | null, signal?: string) => {
      end = code === null ? { ...(signal !== undefined && { signal }) } : { exitCode: code };
      resolve(end);
    });
  });
  deliver(channel, (bytes) => (isLetGo ? undefined : options.onStdout?.(bytes)));
  deliver(channel.stderr, (bytes) => (isLetGo ? undefined : options.onStderr?.(bytes)));
  // Both streams, and the channel itself: its `close` comes with the end of stdout, and the other may have bytes left.
  const gone = ended(channel, 'close');
  const released = Promise.all([gone, ended(channel.stderr, 'end')]).then(() => {});
  const closed = Promise.race([released, letGo]).then(() => {
    const error = lost();
    if (error && !isLetGo && end.exitCode === undefined && end.signal === undefined) throw error;
    return end;
  });
  // Whoever asks is told; a command that nobody waits for must not end the process.
  closed.catch(() => {});
  const isOpen = (): boolean => !isLetGo && channel.writable;
  return {
    released,
    channel: {
      exited,
      closed,
      async write(bytes) {
        if (!isOpen() || channel.write(bytes)) return;
        await Promise.race([gone, letGo, ended(channel, 'drain')]);
      },
      end: () => {
        if (isOpen()) channel.end();
      },
      close: () => {
        isLetGo = true;
        tellLetGo();
        // What a busy receiver held back is thrown away; the end of the streams is still to be seen.
        channel.resume();
        channel.stderr.resume();
        channel.close();
      },
      signal: (name) => {
        const { outgoing, _client: client } = channel as unknown as Internals; // see Internals
        if (outgoing.state === 'open' || outgoing.state === 'eof') client._protocol.signal(outgoing.id, name);
      },
    },
  };
}

function deliver(stream: NodeJS.ReadableStream, receive: (bytes: Uint8Array) => void | Promise<void>): void {
  stream.on('data', (bytes: Buffer) => {
    const taken = receive(bytes);
    if (!(taken instanceof Promise)) return;
    stream.pause();
    const go = (): void => {
      stream.resume();
    };
    // A receiver that fails has its own way to say so; the rest of the output is drained, so that the end is seen.
    taken.then(go, go);
  });
}

function ended(stream: NodeJS.EventEmitter, event: string): Promise<void> {
  return new Promise((resolve) => {
    stream.once(event, () => resolve());
  });
}
