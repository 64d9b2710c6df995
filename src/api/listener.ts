/**
 * One listening port: a plain HTTP server with errors that say what to do, and a way to close that lets running
 * requests finish but waits for nobody forever.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Fault, messageOf, systemCode } from '../base/errors.ts';
import type { Clock } from '../base/clock.ts';

export interface ListenWish {
  /** Without brackets, also for IPv6. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

export interface Listener extends AsyncDisposable {
  /** `http://127.0.0.1:9101`; an address that means every interface is given as this machine's own. */
  readonly url: string;
  readonly port: number;
  /** Stops accepting at once and resolves when the last connection is gone. Calling it again waits for the same end. */
  close(): Promise<void>;
}

export interface ListenerOptions {
  readonly clock: Clock;
  /** How long running requests may go on after `close()`. */
  readonly closeGraceMs: number;
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** What to do when the port is taken, for the message. */
  readonly adviceIfTaken: string;
}

/** Proxies keep idle connections for 60 s: we must not be the ones who close first, or requests get lost between. */
const keepAliveTimeoutMs = 65_000;

/** Fails with `address_in_use`, or with `invalid_config` where the address cannot be listened on at all. */
export async function openListener(wish: ListenWish, options: ListenerOptions): Promise<Listener> {
  let running = 0;
  let isClosing = false;
  let onIdle = () => {};
  const server = createServer({ noDelay: true, keepAliveTimeout: keepAliveTimeoutMs }, (request, response) => {
    running += 1;
    response.once('close', () => {
      running -= 1;
      if (running === 0) onIdle();
    });
    if (isClosing) response.setHeader('Connection', 'close');
    options.handle(request, response);
  });
  server.on('clientError', refuseUnreadable);

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenFault(wish, error, options.adviceIfTaken)));
    server.listen(wish.port, wish.host, resolve);
  });

  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : wish.port;
  let closed: Promise<void> | undefined;
  const end = async () => {
    isClosing = true;
    const allGone = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    if (running > 0) {
      await new Promise<void>((resolve) => {
        const cancel = options.clock.after(options.closeGraceMs, resolve);
        onIdle = () => {
          cancel();
          resolve();
        };
      });
    }
    server.closeAllConnections();
    await allGone;
  };
  const close = () => {
    closed ??= end();
    return closed;
  };
  return { url: listenUrl(wish.host, port), port, close, [Symbol.asyncDispose]: close };
}

/** Where clients on this machine reach a listening address. */
export function listenUrl(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

function listenFault({ host, port }: ListenWish, error: Error, adviceIfTaken: string): Fault {
  const place = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return new Fault('address_in_use', `another process listens on ${place} already; ${adviceIfTaken}`, {
        details: { host, port },
        cause: error,
      });
    case 'EACCES':
      return new Fault('invalid_config', `this user may not listen on ${place}; take a port of 1024 or above`, {
        cause: error,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new Fault('invalid_config', `${host} is no address of this machine`, { cause: error });
    default:
      return new Fault('invalid_config', `cannot listen on ${place}: ${messageOf(error)}`, { cause: error });
  }
}

/** What is not even HTTP, or has too much in its head, gets the same form of answer as everything else. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const isTooLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const status = isTooLarge ? '431 Request Header Fields Too Large' : '400 Bad Request';
  const body = JSON.stringify({
    faultstring: isTooLarge ? 'The request header is too large.' : 'The request is not understood.',
  });
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}
