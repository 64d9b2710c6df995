/**
 * Searching output line by line, however long it is: pages in, found lines out. Lines are put together from the records
 * that hold their parts, each stream and host for itself. The regular expressions are RE2's, which take time in
 * proportion to the text whatever the pattern is: there is no pattern that stops the server.
 */
import { RE2JS } from 're2js';
import { Fault, messageOf } from '../base/errors.ts';
import type { OutputType } from '../core/model/output-record.ts';
import { eachRecord, type OutputSegment } from '../core/model/output-segment.ts';

export interface SearchWish {
  readonly pattern: string;
  /** The pattern is a regular expression. */
  readonly isRegex: boolean;
  readonly ignoresCase: boolean;
  /** Lines shown before and after each match. */
  readonly contextLines: number;
  /** Matches after which the search ends. */
  readonly matchesMax: number;
}

export interface FoundLine {
  /** Of the record in which it begins, and where in that record's text. */
  readonly seq: number;
  readonly position: number;
  readonly timeUs: number;
  readonly type: OutputType;
  readonly host?: string;
  /** With its line end, if it has one. */
  readonly text: string;
  /** False: it is here as context. */
  readonly isMatch: boolean;
  /** Lines were left out before this one. */
  readonly isAfterGap: boolean;
}

/** A longer pattern is no search but an attack, or a mistake. */
const patternLengthMax = 1_000;
/** A longer line is searched in pieces of this length. Text is found across their borders, an expression is not. */
const lineLengthMax = 64 * 1024;

/** Says which lines match. Throws `invalid_input`, naming the parameter. */
export function lineTest({ pattern, isRegex, ignoresCase }: SearchWish): (line: string) => boolean {
  if (pattern.length > patternLengthMax)
    throw new Fault('invalid_input', `grep: expected at most ${patternLengthMax} characters, got ${pattern.length}`);
  try {
    const flags = ignoresCase ? RE2JS.CASE_INSENSITIVE : 0;
    const compiled = RE2JS.compile(isRegex ? pattern : RE2JS.quote(pattern), flags);
    return (line) => compiled.test(line);
  } catch (error) {
    throw new Fault('invalid_input', `grep: "${pattern}" is no regular expression of RE2: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Found lines in the order in which they were complete, those of a page together. */
export async function* searchOutput(
  pages: AsyncIterable<readonly OutputSegment[]>,
  wish: SearchWish,
): AsyncGenerator<readonly FoundLine[]> {
  const search = new Search(wish);
  for await (const segments of pages) {
    for (const segment of segments) search.add(segment);
    const found = search.takeFound();
    if (found.length > 0) yield found;
    if (search.isOver) return;
  }
  search.end();
  const found = search.takeFound();
  if (found.length > 0) yield found;
}

/** `carried`: the end of the piece before, where a long line is searched in pieces. */
type Line = Omit<FoundLine, 'isMatch' | 'isAfterGap'> & { readonly carried: string };

class Search {
  readonly #matches: (line: string) => boolean;
  readonly #contextLines: number;
  readonly #carryLength: number;
  #matchesLeft: number;
  /** Beginnings of lines, by stream and host. */
  readonly #unfinished = new Map<string, Line>();
  readonly #carried = new Map<string, string>();
  /** The last lines that were not shown, for the context of the next match. */
  readonly #before: Line[] = [];
  /** Lines still to be shown after the last match. */
  #after = 0;
  #hasGap = false;
  #found: FoundLine[] = [];

  constructor(wish: SearchWish) {
    this.#matches = lineTest(wish);
    this.#contextLines = wish.contextLines;
    this.#carryLength = wish.isRegex ? 0 : wish.pattern.length - 1;
    this.#matchesLeft = wish.matchesMax;
  }

  get isOver(): boolean {
    return this.#matchesLeft === 0 && this.#after === 0;
  }

  takeFound(): readonly FoundLine[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }

  add(segment: OutputSegment): void {
    const { timeUs, type, host } = segment;
    const lane = host === undefined ? type : `${type} ${host}`;
    eachRecord(segment, 0, (seq, data) => {
      for (let start = 0; start < data.length; ) {
        const lineEnd = data.indexOf('\n', start) + 1 || data.length;
        const begun = this.#unfinished.get(lane);
        const room = lineLengthMax - (begun?.text.length ?? 0);
        const end = Math.min(lineEnd, start + room);
        const text = data.slice(start, end);
        const line = begun
          ? { ...begun, text: begun.text + text }
          : {
              seq,
              position: start,
              timeUs,
              type,
              ...(host !== undefined && { host }),
              text,
              carried: this.#carried.get(lane) ?? '',
            };
        start = end;
        const isWhole = text.endsWith('\n');
        if (!isWhole && line.text.length < lineLengthMax) {
          this.#unfinished.set(lane, line);
          continue;
        }
        this.#unfinished.delete(lane);
        this.#take(line);
        if (isWhole) this.#carried.delete(lane);
        else if (this.#carryLength > 0) this.#carried.set(lane, line.text.slice(-this.#carryLength));
      }
    });
  }

  /** Nothing more comes: lines without an end are lines too. */
  end(): void {
    for (const line of [...this.#unfinished.values()].sort((a, b) => a.seq - b.seq)) this.#take(line);
    this.#unfinished.clear();
  }

  #take(line: Line): void {
    if (this.#matchesLeft > 0 && this.#matches(line.carried + line.text.replace(/\r?\n$/, ''))) {
      this.#matchesLeft -= 1;
      for (const earlier of this.#before.splice(0)) this.#show(earlier, false);
      this.#show(line, true);
      this.#after = this.#contextLines;
    } else if (this.#after > 0) {
      this.#after -= 1;
      this.#show(line, false);
    } else {
      this.#before.push(line);
      if (this.#before.length > this.#contextLines) {
        this.#before.shift();
        this.#hasGap = true;
      }
    }
  }

  #show(line: Line, isMatch: boolean): void {
    this.#found.push({ ...line, isMatch, isAfterGap: this.#hasGap });
    this.#hasGap = false;
  }
}
