/**
 * Server-sent events from pieces of bytes (WHATWG HTML §9.2.6). Pieces may end anywhere, also inside a character.
 * Pure: feed it, take what became complete. An event that was not finished by a blank line is never delivered, so a
 * connection that breaks in the middle of one loses nothing: the server sends it again after the last id.
 */
export interface ServerEvent {
  /** `message` where the server named none. */
  readonly event: string;
  readonly data: string;
  /** The last id seen so far, '' before the first. */
  readonly id: string;
}

export class SseParser {
  readonly #decoder = new TextDecoder('utf-8');
  #rest = '';
  #event = '';
  #data: string[] = [];
  #id: string;

  constructor(lastId = '') {
    this.#id = lastId;
  }

  /** The events that this piece completes, in order. */
  feed(piece: Uint8Array): ServerEvent[] {
    const text = this.#rest + this.#decoder.decode(piece, { stream: true });
    const events: ServerEvent[] = [];
    let start = 0;
    // What was kept from before holds no line end (or a CR at its very end): a line of megabytes is scanned once.
    lineEnd.lastIndex = Math.max(0, this.#rest.length - 1);
    for (let end = lineEnd.exec(text); end; end = lineEnd.exec(text)) {
      // A CR at the very end of the piece waits: its LF may still come.
      if (end[0] === '\r' && lineEnd.lastIndex === text.length) break;
      this.#line(text.slice(start, end.index), events);
      start = lineEnd.lastIndex;
    }
    this.#rest = text.slice(start);
    return events;
  }

  #line(line: string, events: ServerEvent[]): void {
    if (line === '') {
      if (this.#data.length > 0)
        events.push({ event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id });
      this.#event = '';
      this.#data = [];
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#event = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
  }
}

const lineEnd = /\r\n|\n|\r/g;
