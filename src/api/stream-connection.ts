/**
 * A long-lived response that is written to the socket directly: chunks are framed once and shared by all connections
 * that get the same bytes. Knows when the client is slow, when it is gone, and when it needs a sign of life.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import type { Counter } from '../base/instruments.ts';
import { acceptsGzip, gzipHead, gzipPart, gzipPartApart, GzipSum } from './gzip-body.ts';

/** Unsent bytes from which a client counts as slow and is given no more until it has taken them. */
const bufferedMax = 512 * 1024;

/** From this length on a text is written as such; or compressed in another thread, which takes a millisecond per 100 KB. */
const longText = 16 * 1024;

/** How text becomes bytes of the answer. Connections whose framing has the same name may be sent the same bytes. */
export interface Framing {
  readonly name: string;
  frame(text: string): Buffer;
}

export interface StreamOptions {
  readonly contentType: string;
  readonly clock: Clock;
  /** A blank line after this long without a byte; absent: none (plain text must not gain bytes). */
  readonly heartbeatMs?: number;
  /** Counts what is handed to the connection. */
  readonly delivered?: { readonly frames: Counter; readonly bytes: Counter };
  /** Besides those that every stream has. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Compress for clients that ask for it. */
  readonly mayCompress?: boolean;
}

export class StreamConnection {
  readonly signal: AbortSignal;
  /** False for HTTP/1.0 clients, which cannot read chunks. */
  readonly isChunked: boolean;
  readonly framing: Framing;
  /** Set where the answer is compressed. */
  readonly #gzip: GzipSum | undefined;
  /** Long texts being compressed, and what has to come after them. */
  #compressing: Promise<void> | undefined;
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  readonly #delivered: StreamOptions['delivered'];
  readonly #abort = new AbortController();
  #sentUs: number;
  #cancelHeartbeat: () => void = () => {};
  #isEnded = false;

  constructor(request: IncomingMessage, response: ServerResponse, options: StreamOptions) {
    this.#response = response;
    this.#clock = options.clock;
    this.#delivered = options.delivered;
    this.#sentUs = options.clock.monotonicUs();
    this.signal = this.#abort.signal;
    this.isChunked = request.httpVersion !== '1.0';
    const isCompressed = options.mayCompress === true && acceptsGzip(request.headers);
    this.#gzip = isCompressed ? new GzipSum() : undefined;
    this.framing = isCompressed ? (this.isChunked ? gzipChunked : gzipPlain) : this.isChunked ? chunked : plain;
    // Gone while the answer was being prepared: `close` has been and does not come again.
    if (response.closed || response.destroyed || request.socket.destroyed) {
      this.#close();
      return;
    }
    response.on('close', () => this.#close());
    request.on('error', () => this.#close());
    response.setHeader('Content-Type', options.contentType);
    response.setHeader('Cache-Control', 'no-cache');
    response.setHeader('X-Accel-Buffering', 'no');
    for (const [name, value] of Object.entries(options.headers ?? {})) response.setHeader(name, value);
    if (options.mayCompress) response.setHeader('Vary', withMember(response.getHeader('Vary'), 'Accept-Encoding'));
    if (isCompressed) response.setHeader('Content-Encoding', 'gzip');
    response.statusCode = 200;
    response.flushHeaders();
    if (isCompressed) this.#transmit(this.isChunked ? chunkOf(gzipHead) : gzipHead);
    if (options.heartbeatMs !== undefined) this.#heartbeat(options.heartbeatMs);
  }

  /** The form in which `send` takes bytes. */
  frame(text: string): Buffer {
    return this.framing.frame(text);
  }

  /** For text that only this client gets. */
  write(text: string): boolean {
    if (this.#gzip) return this.#writeCompressed(text);
    const { socket } = this.#response;
    // Node copies a string for the system and frees the copy when it was taken; a Buffer waits for the next collection,
    // and in a flood hundreds of megabytes of them do.
    if (text.length < longText || this.#isEnded || !socket || socket.destroyed) return this.send(this.frame(text));
    const length = Buffer.byteLength(text);
    this.#count(length);
    socket.cork();
    if (this.isChunked) socket.write(`${length.toString(16)}\r\n`, 'latin1');
    socket.write(text, 'utf8');
    if (this.isChunked) socket.write('\r\n', 'latin1');
    socket.uncork();
    return socket.writableLength <= bufferedMax;
  }

  /** Bytes as `framing` made them. False: the client is slow now. Bytes for a client that is gone are dropped. */
  send(bytes: Buffer): boolean {
    if (this.#compressing) return this.#later(() => bytes);
    if (bytes.length > 0) this.#gzip?.add(bytes);
    return this.#transmit(bytes);
  }

  #writeCompressed(text: string): boolean {
    const { socket } = this.#response;
    if (text.length < longText || this.#isEnded || !socket || socket.destroyed) return this.send(this.frame(text));
    return this.#later(() => gzipPartApart(text, this.isChunked ? chunkOf : asIs));
  }

  /** Sends what comes of `make`, after what is being compressed now. */
  #later(make: () => Buffer | Promise<Buffer>): false {
    const sending = (this.#compressing ?? Promise.resolve()).then(make).then(
      (bytes) => {
        if (bytes.length > 0) this.#gzip?.add(bytes);
        this.#transmit(bytes);
        if (this.#compressing === sending) this.#compressing = undefined;
      },
      () => this.break(), // no memory for the compressor: what was promised cannot be sent
    );
    this.#compressing = sending;
    return false;
  }

  #transmit(bytes: Buffer): boolean {
    const { socket } = this.#response;
    if (this.#isEnded || !socket || socket.destroyed || bytes.length === 0) return true;
    this.#count(bytes.length);
    socket.write(bytes);
    return socket.writableLength <= bufferedMax;
  }

  /** For bytes that other clients get too, framed or not: none of them is given a copy. Not where the answer is compressed. */
  share(bytes: Buffer): boolean {
    assert(!this.#gzip, 'bytes as they are do not fit into a compressed answer');
    const { socket } = this.#response;
    if (this.#isEnded || !socket || socket.destroyed || bytes.length === 0) return true;
    this.#count(bytes.length);
    socket.cork();
    if (this.isChunked) socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1');
    socket.write(bytes);
    if (this.isChunked) socket.write('\r\n', 'latin1');
    socket.uncork();
    return socket.writableLength <= bufferedMax;
  }

  /** Resolves when everything given was taken by the system, or the client is gone. */
  async drained(signal: AbortSignal = this.signal): Promise<void> {
    while (this.#compressing) await this.#compressing;
    const { socket } = this.#response;
    if (this.#isEnded || !socket || socket.destroyed || !socket.writableNeedDrain || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        socket.off('drain', done);
        socket.off('close', done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      socket.on('drain', done);
      socket.on('close', done);
      signal.addEventListener('abort', done);
    });
  }

  end(): void {
    if (this.#compressing) {
      void this.#compressing.then(() => this.end());
      return;
    }
    if (this.#isEnded) return;
    if (this.#gzip) this.#transmit(this.isChunked ? chunkOf(this.#gzip.end()) : this.#gzip.end());
    this.#isEnded = true;
    this.#cancelHeartbeat();
    this.#response.end();
  }

  /** Breaks the connection off: the client sees that this was not the end. */
  break(): void {
    this.#close();
    this.#response.destroy();
  }

  #count(bytes: number): void {
    this.#sentUs = this.#clock.monotonicUs();
    this.#delivered?.frames.add();
    this.#delivered?.bytes.add(bytes);
  }

  #close(): void {
    this.#isEnded = true;
    this.#cancelHeartbeat();
    this.#abort.abort();
  }

  /** Timed since the last byte of this connection, so that filtered traffic cannot starve it. */
  #heartbeat(everyMs: number): void {
    const quietMs = (this.#clock.monotonicUs() - this.#sentUs) / 1000;
    if (quietMs >= everyMs) this.write('\n');
    const waitMs = quietMs >= everyMs ? everyMs : everyMs - quietMs;
    this.#cancelHeartbeat = this.#clock.after(waitMs, () => {
      if (!this.#isEnded) this.#heartbeat(everyMs);
    });
  }
}

/** One HTTP/1.1 chunk. Empty text makes no chunk: an empty chunk would end the body. */
export function chunk(text: string): Buffer {
  if (text === '') return Buffer.alloc(0);
  const length = Buffer.byteLength(text);
  const head = `${length.toString(16)}\r\n`;
  // Written piece by piece: a template would copy the whole text once more.
  const bytes = Buffer.allocUnsafe(head.length + length + 2);
  bytes.write(head, 0, 'latin1');
  bytes.write(text, head.length, 'utf8');
  bytes.write('\r\n', head.length + length, 'latin1');
  return bytes;
}

/** The same of bytes. */
function chunkOf(bytes: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`, 'latin1'),
    bytes,
    Buffer.from('\r\n', 'latin1'),
  ]);
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}

const plain: Framing = { name: 'plain', frame: (text) => Buffer.from(text) };
const chunked: Framing = { name: 'chunked', frame: chunk };
const gzipPlain: Framing = { name: 'gzip', frame: (text) => gzipPart(text, asIs) };
const gzipChunked: Framing = { name: 'gzip chunked', frame: (text) => gzipPart(text, chunkOf) };

/** A header's list with one member more. */
function withMember(header: number | string | readonly string[] | undefined, member: string): string {
  return header === undefined ? member : `${header.toString()}, ${member}`;
}
