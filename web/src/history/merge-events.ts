/** Live events into a page of the history: pure, so that every case can be tried. */
import type { HistoryFilter, HistoryPageOfExecutions } from '../server/executions.ts';
import type { Execution } from '../server/types.ts';
import type { ExecutionEvent } from '../stream/execution-events.ts';

/**
 * The page after `events`. Shown executions are brought up to date wherever they are. On the first page others appear in
 * their place, newest first: created ones, and under a status filter those that have come to fit it. On later pages nothing
 * is inserted: they would slide away under the reader. An execution that no longer fits a status filter stays until the
 * list is loaded again, showing its new status.
 */
export function mergeEvents(
  page: HistoryPageOfExecutions,
  events: readonly ExecutionEvent[],
  filter: HistoryFilter,
  size: number,
): HistoryPageOfExecutions {
  const shown = new Map(page.executions.map((execution) => [execution.id, execution]));
  const last = page.executions.length < size ? undefined : page.executions.at(-1);
  let total = page.total;
  let isSorted = true;
  for (const event of events) {
    if (event.kind === 'deleted') {
      if (shown.delete(event.id)) total -= 1;
      continue;
    }
    const { execution } = event;
    const old = shown.get(execution.id);
    if (old !== undefined) {
      shown.set(old.id, { ...old, ...execution });
      continue;
    }
    if (!fits(execution, filter)) continue;
    // A full first page has all that are newer than its last one: what is not there and newer was not in the list.
    const hasPlace = filter.page === 1 && (last === undefined || newestFirst(execution, last) < 0);
    if (hasPlace) {
      shown.set(execution.id, execution);
      isSorted = false;
    }
    // What only changed and has no place is on another page already.
    if (hasPlace || event.kind === 'created') total += 1;
  }
  const executions = [...shown.values()];
  if (!isSorted) executions.sort(newestFirst);
  return { ...page, executions: executions.slice(0, size), total };
}

function fits(execution: Execution, filter: HistoryFilter): boolean {
  if (execution.parent !== undefined) return false;
  if (filter.status !== undefined && execution.status !== filter.status) return false;
  return filter.action === undefined || execution.action.ref === filter.action;
}

/** Timestamps of one fixed form compare as text. */
function newestFirst(a: Execution, b: Execution): number {
  if (a.start_timestamp !== b.start_timestamp) return a.start_timestamp < b.start_timestamp ? 1 : -1;
  return a.id < b.id ? 1 : -1;
}
