/** What can happen to a raw file other than growth, and how it is told from what the file was known to hold. */

/**
 * It began anew, or holds other bytes from `at` on than it did (and then again what was known, or what is new).
 */
export type RawChange =
  | RawLoss
  /** Who goes on writing where it was in a file that was emptied leaves a hole of zeros before it. */
  | { readonly kind: 'hole'; readonly length: number };

/** Bytes that were in the file are not there any more. */
export type RawLoss =
  | { readonly kind: 'begun anew' }
  | { readonly kind: 'overwritten'; readonly at: number; readonly bytes: Buffer };

const newline = 0x0a;

/**
 * How the bytes found from `start` on, at least as many as were held, differ from these; undefined where they do not.
 * `found` is copied.
 */
export function changeOf(
  held: Buffer,
  found: Buffer,
  { start, isWhole }: { readonly start: number; readonly isWhole: boolean },
): RawLoss | undefined {
  let from = 0;
  while (from < held.length && found[from] === held[from]) from += 1;
  if (from === held.length) return undefined;
  // Text that differs from its first line on is another text; else somebody wrote into the midst of it.
  const firstLine = held.indexOf(newline);
  if (isWhole && (firstLine === -1 || from <= firstLine)) return { kind: 'begun anew' };
  let to = held.length;
  while (found[to - 1] === held[to - 1]) to -= 1;
  // What was written is most likely whole lines, of which some bytes were the same by chance.
  from = from === 0 ? 0 : found.lastIndexOf(newline, from - 1) + 1;
  if (found[to - 1] !== newline) to = found.indexOf(newline, to) + 1 || held.length;
  return { kind: 'overwritten', at: start + from, bytes: Buffer.from(found.subarray(from, to)) };
}

export function zerosAtStart(bytes: Buffer): number {
  let zeros = 0;
  while (zeros < bytes.length && bytes[zeros] === 0) zeros += 1;
  return zeros;
}
