/** What the running server says about itself. */
import { finalStatuses } from '../core/model/execution-status.ts';
import type { Context } from './context.ts';

export interface ContentCounts {
  readonly packs: number;
  readonly actions: number;
}

export interface ExecutionCounts {
  /** Not final yet. */
  readonly active: number;
  readonly by_status: Readonly<Record<string, number>>;
}

export async function countContent(context: Context): Promise<ContentCounts> {
  const [packs, actions] = await Promise.all([context.store.content.packs(), context.store.content.actions()]);
  return { packs: packs.length, actions: actions.length };
}

export async function countExecutions(context: Context): Promise<ExecutionCounts> {
  const by_status = await context.store.executions.countByStatus();
  const active = Object.entries(by_status)
    .filter(([status]) => !finalStatuses.some((final) => final === status))
    .reduce((sum, [, count]) => sum + count, 0);
  return { active, by_status };
}
