/**
 * Finds many patterns in bytes in one pass (S. Wu and U. Manber, "A fast algorithm for multi-pattern searching", 1994): a
 * table over groups of three bytes says how far the window may move. Where the last three of the window are in no
 * pattern, that is by nearly the length of the shortest one, so most bytes are never looked at. With pairs of bytes and
 * 600 patterns the table was so full that steps were short: 390 MB/s, where groups of three reach
 * 1,700.
 */

/** Short patterns make for small steps: they have a table of their own. */
const shortBelow = 8;
/** Entries of a table: a sparse one makes for long steps, and both stay in the second cache. */
const tableSizes = { few: 1 << 12, many: 1 << 16 } as const;
const fewPatterns = 30;
/** Steps are kept in a byte; longer ones save nothing. */
const windowMax = 64;

/** Of three bytes; cut to the size of a table. */
function hash(first: number, second: number, third: number): number {
  return (first << 10) ^ (second << 5) ^ third;
}

export class BytePatterns {
  /** Length of the longest. */
  readonly longest: number;
  readonly #tables: readonly WindowTable[];
  readonly #beginnings: Beginnings;

  /** Each of at least three bytes. */
  constructor(patterns: readonly Uint8Array[]) {
    this.longest = patterns.reduce((most, { length }) => Math.max(most, length), 0);
    const short = patterns.filter(({ length }) => length < shortBelow);
    const long = patterns.filter(({ length }) => length >= shortBelow);
    this.#tables = [short, long].filter(({ length }) => length > 0).map((group) => new WindowTable(group));
    this.#beginnings = new Beginnings(patterns);
  }

  /**
   * Calls `each` with the places that patterns cover, in order: those that overlap are one place, those that only touch
   * are two. Looks for matches that begin from `from` on. `each` may answer false to end the search.
   */
  eachPlace(bytes: Uint8Array, from: number, each: (start: number, end: number) => boolean | undefined): void {
    const { length } = bytes;
    const heads = this.#tables.map((table) => ({ table, start: -1, end: -1 }));
    for (const head of heads) advance(head, bytes, from);
    let start = -1;
    let end = -1;
    for (;;) {
      let next: Head | undefined;
      for (const head of heads) if (head.start < length && (!next || head.start < next.start)) next = head;
      if (!next) break;
      if (start === -1 || next.start >= end) {
        if (start !== -1 && each(start, end) === false) return;
        start = next.start;
        end = next.end;
      } else end = Math.max(end, next.end);
      advance(next, bytes, next.start + 1);
    }
    if (start !== -1) each(start, end);
  }

  /** How many bytes at the end are the beginning of a pattern, at most; of one for which `isEnough` says so. */
  unfinishedLength(bytes: Uint8Array, isEnough?: (found: number, whole: number) => boolean): number {
    return this.#beginnings.unfinishedLength(bytes, this.longest, isEnough);
  }
}

interface Head {
  readonly table: WindowTable;
  start: number;
  end: number;
}

function advance(head: Head, bytes: Uint8Array, from: number): void {
  head.start = head.table.next(bytes, from);
  head.end = head.start + head.table.matchLength;
}

class WindowTable {
  /** Of the last match. */
  matchLength = 0;
  readonly #window: number;
  readonly #mask: number;
  readonly #steps: Uint8Array;
  /** Patterns by the hash of the last bytes of the window, longest first. */
  readonly #ending = new Map<number, Uint8Array[]>();

  constructor(patterns: readonly Uint8Array[]) {
    const window = Math.min(windowMax, ...patterns.map(({ length }) => length));
    const isFew = patterns.length <= fewPatterns && window >= shortBelow;
    const size = isFew ? tableSizes.few : tableSizes.many;
    this.#window = window;
    this.#mask = size - 1;
    this.#steps = new Uint8Array(size).fill(window - 2);
    for (const pattern of patterns.toSorted((a, b) => b.length - a.length)) {
      let last = 0;
      for (let at = 2; at < window; at++) {
        last = hash(pattern[at - 2] ?? 0, pattern[at - 1] ?? 0, pattern[at] ?? 0) & this.#mask;
        this.#steps[last] = Math.min(this.#steps[last] ?? 0, window - 1 - at);
      }
      const ending = this.#ending.get(last);
      if (ending) ending.push(pattern);
      else this.#ending.set(last, [pattern]);
    }
  }

  /** Where the next match begins, the longest one there; the length of `bytes` where there is none. */
  next(bytes: Uint8Array, from: number): number {
    const steps = this.#steps;
    const window = this.#window;
    const mask = this.#mask;
    const { length } = bytes;
    for (let at = from + window - 1; at < length; ) {
      const two = ((bytes[at - 2] as number) << 10) ^ ((bytes[at - 1] as number) << 5); // a window has three bytes
      const found = (two ^ (bytes[at] as number)) & mask; // at < length
      const step = steps[found] as number; // it has an entry for every hash
      if (step !== 0) {
        at += step;
        continue;
      }
      const start = at - window + 1;
      for (const pattern of this.#ending.get(found) ?? []) {
        if (!beginsAt(bytes, start, pattern)) continue;
        this.matchLength = pattern.length;
        return start;
      }
      at += 1;
    }
    return length;
  }
}

/** For the end of the bytes, where a pattern may have begun. */
class Beginnings {
  /** By their first byte. */
  readonly #byFirst: (Uint8Array[] | undefined)[] = [];

  constructor(patterns: readonly Uint8Array[]) {
    for (const pattern of patterns) {
      const first = pattern[0] ?? 0;
      const same = this.#byFirst[first];
      if (same) same.push(pattern);
      else this.#byFirst[first] = [pattern];
    }
  }

  unfinishedLength(
    bytes: Uint8Array,
    longest: number,
    isEnough: (found: number, whole: number) => boolean = () => true,
  ): number {
    const { length } = bytes;
    for (let start = Math.max(0, length - longest + 1); start < length; start++) {
      const candidates = this.#byFirst[bytes[start] ?? 0];
      if (!candidates) continue;
      const found = length - start;
      for (const pattern of candidates)
        if (pattern.length > found && endsWith(bytes, start, pattern) && isEnough(found, pattern.length)) return found;
    }
    return 0;
  }
}

function beginsAt(bytes: Uint8Array, start: number, pattern: Uint8Array): boolean {
  if (start + pattern.length > bytes.length) return false;
  for (let at = 0; at < pattern.length; at++) if (bytes[start + at] !== pattern[at]) return false;
  return true;
}

/** Whether all bytes from `start` on are the beginning of the pattern. */
function endsWith(bytes: Uint8Array, start: number, pattern: Uint8Array): boolean {
  for (let at = start; at < bytes.length; at++) if (bytes[at] !== pattern[at - start]) return false;
  return true;
}
