/**
 * Server-sent events, text to frames (HTML standard, "Parsing an event stream"). Pure: it is handed decoded text in any
 * pieces and gives the same frames however the text was cut. Connecting, resuming and timing are `event-connection.ts`'s.
 */
export interface SseFrame {
  /** The event's name; `message` where the server named none. */
  readonly event: string;
  readonly data: string;
  /** The cursor to resume after this frame: the last `id:` seen, also in an earlier frame. */
  readonly id: string | undefined;
}

/** A line longer than this is not one of ours (records are cut far below it); better to fail than to eat the memory. */
const lineCharsMax = 64 * 1024 * 1024;

export class SseParser {
  #rest = '';
  #afterCarriageReturn = false;
  #event = '';
  #data: string[] = [];
  #id: string | undefined;

  /** Frames completed by `text`. Throws RangeError when a line never ends. */
  feed(text: string): SseFrame[] {
    const frames: SseFrame[] = [];
    const buffer = this.#rest + this.#withLineFeeds(text);
    let from = 0;
    for (let end = buffer.indexOf('\n', from); end !== -1; end = buffer.indexOf('\n', from)) {
      this.#line(buffer.slice(from, end), frames);
      from = end + 1;
    }
    this.#rest = buffer.slice(from);
    if (this.#rest.length > lineCharsMax) throw new RangeError('event stream: a line is longer than 64 MiB');
    return frames;
  }

  /** The standard ends lines with LF, CR LF or CR; a CR at the end of a piece may be half of a CR LF. */
  #withLineFeeds(text: string): string {
    if (text === '') return text;
    const start = this.#afterCarriageReturn && text.startsWith('\n') ? 1 : 0;
    this.#afterCarriageReturn = text.endsWith('\r');
    const piece = start === 0 ? text : text.slice(start);
    return piece.includes('\r') ? piece.replace(/\r\n?/g, '\n') : piece;
  }

  #line(line: string, frames: SseFrame[]): void {
    if (line === '') {
      if (this.#data.length > 0) {
        frames.push({ event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id });
      }
      this.#event = '';
      this.#data = [];
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return; // a comment, the usual heartbeat
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line.charCodeAt(colon + 1) === 0x20 ? colon + 2 : colon + 1);
    switch (field) {
      case 'event':
        this.#event = value;
        return;
      case 'data':
        this.#data.push(value);
        return;
      case 'id':
        if (!value.includes('\0')) this.#id = value;
        return;
      default:
        return; // `retry` too: the client keeps its own backoff
    }
  }
}
