/** Totals of a log, from its index alone. */
import type { OutputSummary } from '../../core/model/execution.ts';
import type { IndexEntry } from './output-index.ts';

export const emptySummary: OutputSummary = { records: 0, lines: 0, bytes: 0, lost_bytes: 0 };

/** Bytes count as they are shown. */
export function addEntry(summary: OutputSummary, entry: IndexEntry): OutputSummary {
  return {
    records: summary.records + entry.records,
    lines: summary.lines + entry.lines,
    bytes: summary.bytes + entry.shown,
    lost_bytes: addLostBytes(summary.lost_bytes, entry.lostBytes),
  };
}

/** -1 where nobody can say how much; that stays so. */
export function addLostBytes(sum: number, bytes: number): number {
  return sum === -1 || bytes === -1 ? -1 : sum + bytes;
}
