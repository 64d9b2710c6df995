/**
 * A strict reader of event streams over a real socket. It keeps the exact text, takes nothing but the forms that the
 * specification of output streaming names (`event`, `id`, one line of `data`, a lone line feed as heartbeat), and can
 * stop reading, so that its connection fills up.
 */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import { until } from './server-wait.ts';

export interface Frame {
  readonly event: string;
  readonly id: string | undefined;
  /** As sent. `json` parses it. */
  readonly data: string;
  /** `performance.now()` of arrival. */
  readonly atMs: number;
}

export interface SeenRecord {
  readonly seq: number;
  readonly data: string;
  readonly output_type: string;
  readonly timestamp: string;
  readonly id: string;
  readonly execution_id: string;
  readonly action_ref: string;
  readonly runner_ref: string;
  readonly lost_bytes?: number;
}

export const outputEvent = 'st2.execution.output__create';

export interface StreamWish {
  readonly headers?: Readonly<Record<string, string>>;
  /** Stops reading when so many bytes of the body have come, until `resume()`. */
  readonly stallAfterBytes?: number;
  /** Given each frame instead of keeping it: for more than fits into memory. */
  readonly onFrame?: (frame: Frame) => void;
}

export class EventStream implements Disposable {
  readonly frames: Frame[] = [];
  readonly response: IncomingMessage;
  /** `end`: the body ended as it should; `broken`: the connection was cut. */
  readonly closed: Promise<'end' | 'broken'>;
  bytes = 0;
  /** The first bytes of the body, before any frame was understood. */
  text = '';
  heartbeats = 0;
  isClosed = false;
  readonly #request: ClientRequest;
  readonly #onFrame: (frame: Frame) => void;
  #rest = '';

  /** Rejects with the answer's text where the status is not 200. */
  static open(url: string, wish: StreamWish = {}): Promise<EventStream> {
    return new Promise((resolve, reject) => {
      const sent = request(url, { headers: { ...wish.headers }, agent: false });
      sent.once('error', reject);
      sent.once('response', (response) => {
        if (response.statusCode === 200) {
          resolve(new EventStream(sent, response, wish));
          return;
        }
        let text = '';
        response.setEncoding('utf8').on('data', (piece) => {
          text += piece;
        });
        response.on('end', () => reject(new StreamRefused(response.statusCode ?? 0, text)));
      });
      sent.end();
    });
  }

  private constructor(sent: ClientRequest, response: IncomingMessage, wish: StreamWish) {
    this.#request = sent;
    this.response = response;
    this.#onFrame = wish.onFrame ?? ((frame) => this.frames.push(frame));
    const decoder = new StringDecoder('utf8');
    let stallAt = wish.stallAfterBytes;
    response.on('data', (piece: Buffer) => {
      this.bytes += piece.length;
      this.#feed(decoder.write(piece));
      if (stallAt !== undefined && this.bytes >= stallAt) {
        stallAt = undefined;
        response.pause();
      }
    });
    sent.on('error', () => {}); // a cut connection shows in `closed`
    this.closed = new Promise((settle) => {
      const done = (how: 'end' | 'broken') => {
        this.isClosed = true;
        settle(how);
      };
      response.once('end', () => done(response.complete ? 'end' : 'broken'));
      response.once('error', () => done('broken'));
      response.once('close', () => done(response.complete ? 'end' : 'broken'));
    });
  }

  /** Records of the output frames, in the order they came. */
  get records(): SeenRecord[] {
    return this.frames.filter((frame) => frame.event === outputEvent).map((frame) => JSON.parse(frame.data));
  }

  get data(): string {
    return this.records.map((record) => record.data).join('');
  }

  get lastId(): string {
    return this.frames.findLast((frame) => frame.id !== undefined)?.id ?? '';
  }

  events(name: string): Frame[] {
    return this.frames.filter((frame) => frame.event === name);
  }

  waitFor(what: string, matches: (stream: EventStream) => boolean, withinMs = 10_000): Promise<true> {
    return until(
      what,
      () => {
        if (matches(this)) return true;
        if (this.isClosed) throw new Error(`the stream closed before: ${what}; it had ${this.frames.length} frames`);
        return undefined;
      },
      withinMs,
    );
  }

  resume(): void {
    this.response.resume();
  }

  [Symbol.dispose](): void {
    this.#request.destroy();
  }

  #feed(text: string): void {
    if (this.text.length < 4096) this.text += text;
    let rest = this.#rest + text;
    for (;;) {
      if (rest.startsWith('\n')) {
        this.heartbeats += 1;
        rest = rest.slice(1);
        continue;
      }
      const end = rest.indexOf('\n\n');
      if (end === -1) break;
      this.#onFrame(parseFrame(rest.slice(0, end)));
      rest = rest.slice(end + 2);
    }
    this.#rest = rest;
  }
}

export class StreamRefused extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(`refused with ${status}: ${text}`);
    this.status = status;
  }
}

function parseFrame(text: string): Frame {
  const found = /^event: ([^\n]+)\n(?:id: ([^\n]+)\n)?data: ([^\n\r\u2028\u2029\u0085]*)$/.exec(text);
  if (!found) throw new Error(`not a frame: ${JSON.stringify(text.slice(0, 300))}`);
  return { event: found[1] ?? '', id: found[2], data: found[3] ?? '', atMs: performance.now() };
}
