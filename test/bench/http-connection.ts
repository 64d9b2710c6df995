/**
 * A client that costs next to nothing: the load generator shares its processors with what it measures. One connection
 * that is kept, one request at a time, the least parsing that is correct for the answers of these benchmarks.
 */
import { connect, type Socket } from 'node:net';

export interface Address {
  readonly port: number;
  /** Header lines that every request carries, each ended by \r\n. */
  readonly headers: string;
}

export interface HttpAnswer {
  readonly status: number;
  /** Latin-1: only ever compared with ASCII. */
  readonly body: string;
}

export class HttpConnection implements Disposable {
  readonly #socket: Socket;
  readonly #headers: string;
  #text = '';
  #settle: { resolve: (answer: HttpAnswer) => void; reject: (error: Error) => void } | undefined;

  private constructor(socket: Socket, headers: string) {
    this.#socket = socket;
    this.#headers = headers;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('close', () => this.#settle?.reject(new Error('the server closed the connection')));
  }

  static async open(address: Address): Promise<HttpConnection> {
    return new HttpConnection(await openSocket(address.port), address.headers);
  }

  /** Answers when the whole body is there; of an event stream, when the server ended it. */
  request(method: 'GET' | 'POST', path: string, body = ''): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#text = '';
      this.#socket.write(requestText(method, path, this.#headers, body));
    });
  }

  [Symbol.dispose](): void {
    this.#settle = undefined;
    this.#socket.destroy();
  }

  #take(text: string): void {
    this.#text += text;
    const answer = parseAnswer(this.#text);
    if (!answer) return;
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.resolve(answer);
  }
}

/** An answer that is read as it comes and never kept. The server ends it by closing. */
export interface OpenStream {
  /** Resolves when the server has closed the connection. */
  readonly ended: Promise<void>;
  readonly socket: Socket;
}

/** Calls `onBytes` with all that the server sends, framing and head included. Resolves when the request was sent. */
export async function openStream(
  address: Address,
  path: string,
  onBytes: (bytes: Buffer) => void,
): Promise<OpenStream> {
  const socket = await openSocket(address.port);
  socket.on('data', onBytes);
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(requestText('GET', path, `${address.headers}Connection: close\r\n`, ''));
  return { ended, socket };
}

async function openSocket(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  // Whatever breaks shows as a close, which everybody here waits for.
  socket.on('error', () => socket.destroy());
  return socket;
}

function requestText(method: string, path: string, headers: string, body: string): string {
  const content = body === '' ? '' : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  return `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}${content}\r\n${body}`;
}

/** Undefined while the answer is not complete. */
function parseAnswer(text: string): HttpAnswer | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const head = text.slice(0, headEnd);
  const status = Number(head.slice(9, 12));
  const bodyStart = headEnd + 4;
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (length !== undefined) {
    const end = bodyStart + Number(length);
    return text.length < end ? undefined : { status, body: text.slice(bodyStart, end) };
  }
  let body = '';
  for (let at = bodyStart; ; ) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (text.length < next) return undefined;
    if (size === 0) return { status, body };
    body += text.slice(lineEnd + 2, next - 2);
    at = next;
  }
}
