/** How much of what came in is shown now. */
import { pieceBytesMax, visibleLength } from '../../core/model/output-segment.ts';
import type { Redactor } from '../../core/model/redaction.ts';

/** An unfinished line is shown after this long: prompts and progress without a line end (spec/output-streaming.md §2). */
export const partialAfterMs = 100;
/**
 * A timer may fire up to a millisecond early, and the clock's microseconds may be off by another: without this allowance
 * one unfinished line in four was not yet old enough at its look and waited twice as long.
 */
const timerEarlyMs = 2;
/**
 * What is printed at once or not at all is waited for when so much of it is there: fewer bytes are more likely the last letters of
 * a prompt.
 */
const atOnceHeldFrom = 8;

export interface ShowWish {
  /** Since when the first byte is there and was not shown. */
  readonly waitedMs: number;
  /** Nothing more will come: everything is shown, even half a character. */
  readonly isEnd: boolean;
  /** With `isEnd`: these bytes are the last, not only all that was read at once. */
  readonly isAll: boolean;
  /** What must not be seen; never cut in two. */
  readonly redactor: Redactor | undefined;
  /** Those of it whose every beginning keeps an unfinished line waiting (`OutputOptions.printedAtOnce`). */
  readonly patient: Redactor | undefined;
}

export interface ToShow {
  readonly length: number;
  /** Nothing will follow these bytes, and what ends them may be the beginning of a secret. */
  readonly isInterrupted: boolean;
}

export function lengthToShow(found: Buffer, wish: ShowWish): ToShow {
  const { waitedMs, isEnd, isAll, redactor, patient } = wish;
  const cut = (length: number) => (redactor && length > 0 ? redactor.cut(found, length) : length);
  const cutWaiting = (length: number) => {
    const place = redactor && length > 0 ? redactor.cut(found, length, atOnceHeldFrom) : length;
    return patient && place > 0 ? patient.cut(found, place) : place;
  };
  const lines = visibleLength(found, false);
  const wholeLines = cut(lines);
  if (wholeLines > 0) return { length: wholeLines, isInterrupted: false };
  // A line longer than a record needs no waiting: its beginning will be a record of its own anyway.
  const isDue = isEnd || waitedMs >= partialAfterMs - timerEarlyMs || found.length >= pieceBytesMax;
  const visible = isDue ? visibleLength(found, true) : 0;
  const length = isEnd || found.length >= pieceBytesMax ? cut(visible) : cutWaiting(visible);
  if (length > 0) return { length, isInterrupted: false };
  if (isEnd && (isAll || !redactor)) return { length: found.length, isInterrupted: redactor !== undefined };
  // Secrets are not longer than this; one that overlaps itself again and again, like a row of equal letters, ends nowhere.
  if (redactor && visible >= pieceBytesMax) return { length: visible, isInterrupted: true };
  return { length: 0, isInterrupted: false };
}
