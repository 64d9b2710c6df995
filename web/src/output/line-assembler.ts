/**
 * Output records to lines. A record may hold a piece of a line or several lines; concatenating `data` gives the exact text of each
 * stream. stdout and stderr come through separate pipes, so each has its own unfinished line and its own terminal state: a
 * progress bar on stderr goes on being overwritten while lines of stdout follow below it. A line stands where it began.
 */
import { AnsiDecoder, type TerminalSink } from './ansi-decoder.ts';
import type { AnsiStyle } from './ansi-style.ts';
import { LineEditor, type StyleRun } from './line-editor.ts';

/** The fields of a published output record that matter here. */
export interface OutputPiece {
  readonly seq: number;
  readonly output_type: string;
  readonly timestamp: string;
  readonly data: string;
  readonly host?: string;
  readonly lost_bytes?: number;
}

/** Immutable; a line that is still being written is replaced by a newer one with the same `number`. */
export type OutputLine = TextLine | GapLine;

interface LineBase {
  /** 1, 2, 3 … in the order the lines began. */
  readonly number: number;
  /** The record the line began in. */
  readonly seq: number;
  readonly timestamp: string;
}

export interface TextLine extends LineBase {
  readonly kind: 'text';
  /** `stdout`, `stderr`, or `output` for a workflow's progress. */
  readonly type: string;
  /** Where it was printed, of an action that runs on several hosts. */
  readonly host?: string;
  readonly text: string;
  /** Empty: all plain. */
  readonly runs: readonly StyleRun[];
  /** Characters beyond what is kept of one line. */
  readonly cutChars: number;
}

/** Stands for output that is not there. */
export interface GapLine extends LineBase {
  readonly kind: 'gap';
  readonly type: string;
  /** Bytes the server did not keep, -1 where nobody can say; undefined where records did not arrive. */
  readonly lostBytes: number | undefined;
  /** Records that did not arrive. */
  readonly missingRecords: number;
}

/** Where the lines go. `replace` may come late: the line may have been dropped meanwhile. */
export interface LineList {
  append(line: OutputLine): void;
  replace(line: OutputLine): void;
}

export class LineAssembler {
  readonly #lines: LineList;
  readonly #streams = new Map<string, StreamLines>();
  #hosts: readonly string[] = [];
  #lastSeq = 0;
  #lastNumber = 0;

  /** `afterSeq`: the view begins after this record (a tail), which is not a gap. */
  constructor(lines: LineList, afterSeq = 0) {
    this.#lines = lines;
    this.#lastSeq = afterSeq;
  }

  /** The last record taken. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Those that have printed something, in the order in which they began. A new list when one more has. */
  get hosts(): readonly string[] {
    return this.#hosts;
  }

  /** Takes a record; one that was already taken is left out, so that a resume may overlap. */
  push(piece: OutputPiece): void {
    if (piece.seq <= this.#lastSeq) return;
    const missing = piece.seq - this.#lastSeq - 1;
    this.#lastSeq = piece.seq;
    if (missing > 0) this.#gap(piece, undefined, missing);
    if (piece.lost_bytes !== undefined) this.#gap(piece, piece.lost_bytes, 0);
    if (piece.data !== '') this.#stream(piece).write(piece);
  }

  /** The first line that may still change; lines before it are as they will stay. */
  get unsettledFrom(): number {
    let first = this.#lastNumber + 1;
    for (const stream of this.#streams.values()) first = Math.min(first, stream.openNumber ?? first);
    return first;
  }

  /** Makes the unfinished lines current in the list. Call before showing. */
  flush(): void {
    for (const stream of this.#streams.values()) stream.flush();
  }

  #gap(piece: OutputPiece, lostBytes: number | undefined, missingRecords: number): void {
    this.#lines.append({
      kind: 'gap',
      number: this.#nextNumber(),
      seq: piece.seq,
      timestamp: piece.timestamp,
      type: piece.output_type,
      lostBytes,
      missingRecords,
    });
    // What follows a hole does not continue the line before it.
    for (const stream of this.#streams.values()) stream.breakLine();
  }

  /** Hosts have unfinished lines of their own, too. */
  #stream({ output_type: type, host }: OutputPiece): StreamLines {
    const key = host === undefined ? type : `${type} ${host}`;
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      stream = new StreamLines({ type, ...(host !== undefined && { host }) }, this.#lines, () => this.#nextNumber());
      if (host !== undefined && !this.#hosts.includes(host)) this.#hosts = [...this.#hosts, host];
      this.#streams.set(key, stream);
    }
    return stream;
  }

  #nextNumber(): number {
    this.#lastNumber += 1;
    return this.#lastNumber;
  }
}

/** The lines of one output type of one host, written through one terminal state. */
class StreamLines implements TerminalSink {
  readonly #origin: Pick<TextLine, 'type' | 'host'>;
  readonly #lines: LineList;
  readonly #nextNumber: () => number;
  readonly #decoder = new AnsiDecoder();
  #open:
    | { readonly number: number; readonly seq: number; readonly timestamp: string; readonly editor: LineEditor }
    | undefined;
  /** The open line has changed since the list was given it. */
  #isDirty = false;
  #piece: OutputPiece | undefined;

  constructor(origin: Pick<TextLine, 'type' | 'host'>, lines: LineList, nextNumber: () => number) {
    this.#origin = origin;
    this.#lines = lines;
    this.#nextNumber = nextNumber;
  }

  get openNumber(): number | undefined {
    return this.#open?.number;
  }

  write(piece: OutputPiece): void {
    this.#piece = piece;
    this.#decoder.write(piece.data, this);
  }

  flush(): void {
    if (this.#open === undefined || !this.#isDirty) return;
    this.#isDirty = false;
    this.#lines.replace(this.#line(this.#open));
  }

  breakLine(): void {
    this.flush();
    this.#open = undefined;
  }

  print(text: string, style: AnsiStyle): void {
    this.#editor().print(text, style);
  }

  lineFeed(): void {
    this.#editor();
    this.breakLine();
  }

  carriageReturn(): void {
    this.#open?.editor.carriageReturn();
  }

  moveBy(columns: number): void {
    this.#editor().moveBy(columns);
  }

  moveTo(column: number): void {
    this.#editor().moveTo(column);
  }

  erase(part: 'to-end' | 'to-start' | 'all'): void {
    if (this.#open === undefined) return;
    this.#isDirty = true;
    this.#open.editor.erase(part);
  }

  /** The open line's editor; opens a line, at the end of the list, where there is none. */
  #editor(): LineEditor {
    this.#isDirty = true;
    if (this.#open !== undefined) return this.#open.editor;
    const { seq = 0, timestamp = '' } = this.#piece ?? {};
    const open = { number: this.#nextNumber(), seq, timestamp, editor: new LineEditor() };
    this.#open = open;
    this.#lines.append(this.#line(open));
    return open.editor;
  }

  #line(open: { number: number; seq: number; timestamp: string; editor: LineEditor }): TextLine {
    const { text, runs } = open.editor.text();
    return {
      kind: 'text',
      number: open.number,
      seq: open.seq,
      timestamp: open.timestamp,
      ...this.#origin,
      text,
      runs,
      cutChars: open.editor.cutChars,
    };
  }
}
