/** A line cut where its look changes: style runs and search matches laid over each other. Pure. */
import { type AnsiStyle, plainStyle } from './ansi-style.ts';
import type { StyleRun } from './line-editor.ts';

export interface Segment {
  readonly text: string;
  readonly style: AnsiStyle;
  readonly isMatch: boolean;
}

/** `matches` are ascending ranges that do not overlap. Joined, the segments' texts are `text`. */
export function lineSegments(
  text: string,
  runs: readonly StyleRun[],
  matches: readonly (readonly [start: number, end: number])[],
): Segment[] {
  const cuts = new Set<number>([0, text.length]);
  for (const run of runs) cuts.add(run.start);
  for (const [start, end] of matches) cuts.add(start).add(end);
  const at = [...cuts].filter((cut) => cut <= text.length).sort((a, b) => a - b);
  const segments: Segment[] = [];
  let run = -1;
  let match = 0;
  for (let i = 0; i + 1 < at.length; i++) {
    const start = at[i] ?? 0;
    while ((runs[run + 1]?.start ?? Number.POSITIVE_INFINITY) <= start) run += 1;
    while ((matches[match]?.[1] ?? Number.POSITIVE_INFINITY) <= start) match += 1;
    segments.push({
      text: text.slice(start, at[i + 1]),
      style: runs[run]?.style ?? plainStyle,
      isMatch: (matches[match]?.[0] ?? Number.POSITIVE_INFINITY) <= start,
    });
  }
  return segments;
}
