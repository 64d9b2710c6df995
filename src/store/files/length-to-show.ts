/** How much of what came in is shown now. */
import { pieceBytesMax, visibleLength } from '../../core/model/output-segment.ts';

/** An unfinished line is shown after this long: prompts and progress without a line end (spec/output-streaming.md §2). */
export const partialAfterMs = 100;
/**
 * A timer may fire up to a millisecond early, and the clock's microseconds may be off by another: without this allowance
 * one unfinished line in four was not yet old enough at its look and waited twice as long.
 */
const timerEarlyMs = 2;

export interface ShowWish {
  /** Since when the first byte is there and was not shown. */
  readonly waitedMs: number;
  /** Nothing more will come: everything is shown, even half a character. */
  readonly isEnd: boolean;
}

export function lengthToShow(found: Buffer, { waitedMs, isEnd }: ShowWish): number {
  const lines = visibleLength(found, false);
  if (lines > 0) return lines;
  // A line longer than a record needs no waiting: its beginning will be a record of its own anyway.
  const isDue = isEnd || waitedMs >= partialAfterMs - timerEarlyMs || found.length >= pieceBytesMax;
  const visible = isDue ? visibleLength(found, true) : 0;
  return isEnd && visible === 0 ? found.length : visible;
}
