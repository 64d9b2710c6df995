/**
 * Terminal text, taken apart: printable pieces with their style, and the few controls that matter to one line. Everything else a
 * program may send to a terminal (cursor addressing, titles, links, images) is recognised and left out, so that it never shows
 * as rubbish. The state is carried from one piece to the next: any cut of the text gives the same calls, up to where one
 * `print` ends and the next begins.
 */
import { type AnsiStyle, applySgr, plainStyle } from './ansi-style.ts';

export interface TerminalSink {
  print(text: string, style: AnsiStyle): void;
  lineFeed(): void;
  carriageReturn(): void;
  /** Cursor to the left (negative) or right. */
  moveBy(columns: number): void;
  /** Cursor to a column, 0 is the first. */
  moveTo(column: number): void;
  erase(part: 'to-end' | 'to-start' | 'all'): void;
}

// Everything that is not printed: C0 but the tab, DEL, and C1 (which come from 8-bit terminals and have no meaning in UTF-8 logs).
const control = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;
/** Ends the text of an OSC, DCS, SOS, PM or APC sequence. The line feed is ours: an unfinished title must not swallow the log. */
const stringEnd = /[\x07\n\x1b\x9c]/g;
/** A control sequence longer than this is none. */
const sequenceCharsMax = 256;

export class AnsiDecoder {
  #style: AnsiStyle = plainStyle;
  /** An escape sequence that is not complete yet. */
  #pending = '';
  #inString = false;

  write(text: string, sink: TerminalSink): void {
    const data = this.#pending === '' ? text : this.#pending + text;
    this.#pending = '';
    let at = 0;
    while (at < data.length) {
      if (this.#inString) {
        at = this.#skipString(data, at);
        continue;
      }
      control.lastIndex = at;
      const found = control.exec(data)?.index ?? data.length;
      if (found > at) sink.print(data.slice(at, found), this.#style);
      at = found === data.length ? found : this.#control(data, found, sink);
    }
  }

  /** Handles the control character at `at`; returns where to go on, `data.length` when the rest has to wait. */
  #control(data: string, at: number, sink: TerminalSink): number {
    switch (data.charCodeAt(at)) {
      case 0x0a:
        sink.lineFeed();
        return at + 1;
      case 0x0d:
        sink.carriageReturn();
        return at + 1;
      case 0x08:
        sink.moveBy(-1);
        return at + 1;
      case 0x1b:
        return this.#escape(data, at, sink);
      default:
        return at + 1;
    }
  }

  #escape(data: string, at: number, sink: TerminalSink): number {
    if (at + 1 >= data.length) return this.#wait(data, at);
    const kind = data.charAt(at + 1);
    if (kind === '[') return this.#controlSequence(data, at, sink);
    if (kind === ']' || kind === 'P' || kind === 'X' || kind === '^' || kind === '_') {
      this.#inString = true;
      return at + 2;
    }
    // `ESC ( B` and the like: intermediates, then one final character.
    let end = at + 1;
    while (end < data.length && isIntermediate(data.charCodeAt(end)) && end - at < sequenceCharsMax) end++;
    if (end >= data.length) return this.#wait(data, at);
    return data.charCodeAt(end) >= 0x30 && data.charCodeAt(end) <= 0x7e ? end + 1 : end;
  }

  #controlSequence(data: string, at: number, sink: TerminalSink): number {
    let end = at + 2;
    while (end < data.length && isParameter(data.charCodeAt(end)) && end - at < sequenceCharsMax) end++;
    if (end - at >= sequenceCharsMax) return end;
    if (end >= data.length) return this.#wait(data, at);
    const final = data.charCodeAt(end);
    if (final < 0x40 || final > 0x7e) return end; // broken off: what follows is text again
    this.#perform(data.charAt(end), data.slice(at + 2, end), sink);
    return end + 1;
  }

  #perform(final: string, parameters: string, sink: TerminalSink): void {
    const first = /^\d*/.exec(parameters)?.[0] ?? '';
    const isPrivate = parameters !== '' && !/^[\d;:]*$/.test(parameters);
    if (isPrivate) return; // `ESC [ ? 25 l` (cursor off), `ESC [ > 4 m` (keyboard modes)
    const count = first === '' ? 0 : Number.parseInt(first, 10);
    switch (final) {
      case 'm':
        this.#style = applySgr(this.#style, parameters);
        return;
      case 'K':
        if (count === 0) sink.erase('to-end');
        else if (count === 1) sink.erase('to-start');
        else if (count === 2) sink.erase('all');
        return;
      case 'C':
        sink.moveBy(Math.max(1, count));
        return;
      case 'D':
        sink.moveBy(-Math.max(1, count));
        return;
      case 'G':
        sink.moveTo(Math.max(1, count) - 1);
        return;
      default:
        return;
    }
  }

  #skipString(data: string, at: number): number {
    stringEnd.lastIndex = at;
    const end = stringEnd.exec(data)?.index;
    if (end === undefined) return data.length;
    const char = data.charAt(end);
    if (char === '\x1b') {
      if (end + 1 >= data.length) return this.#wait(data, end);
      this.#inString = false;
      return data.charAt(end + 1) === '\\' ? end + 2 : end;
    }
    this.#inString = false;
    return char === '\n' ? end : end + 1;
  }

  #wait(data: string, at: number): number {
    this.#pending = data.slice(at);
    return data.length;
  }
}

function isIntermediate(code: number): boolean {
  return code >= 0x20 && code <= 0x2f;
}

function isParameter(code: number): boolean {
  return code >= 0x20 && code <= 0x3f;
}
