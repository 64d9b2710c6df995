/** Finding executions by the names clients use for them. */
import { Fault } from '../base/errors.ts';
import type { Execution } from '../core/model/execution.ts';
import type { ResultWish } from '../store/execution-store.ts';
import type { Context, Requester } from './context.ts';

/** `not_found` with StackStorm's text where it does not exist or is no id at all. */
export async function getExecution(context: Context, id: string, result: ResultWish = 'none'): Promise<Execution> {
  const execution = await context.store.executions.find(id, result);
  if (!execution)
    throw new Fault('not_found', `Unable to identify resource with id "${id}".`, { details: { execution: id } });
  return execution;
}

/**
 * `last` is the requester's own newest top-level execution; for an admin who has none, anybody's
 * (spec/executions.md §10, 18). StackStorm answers 400 where there is none at all.
 */
export async function resolveExecutionId(context: Context, requester: Requester, idOrLast: string): Promise<string> {
  if (idOrLast !== 'last') return idOrLast;
  const { executions } = context.store;
  const newest =
    (await executions.newest(requester.user)) ?? (requester.isAdmin ? await executions.newest() : undefined);
  if (!newest) throw new Fault('invalid_input', 'No executions found in the database.');
  return newest.id;
}

/** All executions below one, depth first, children oldest first. `depth` -1: all the way down. */
export async function descendants(context: Context, id: string, depth: number): Promise<readonly Execution[]> {
  const byParent = new Map<string, readonly Execution[]>();
  let level: readonly string[] = [id];
  for (let at = 0; level.length > 0 && (depth < 0 || at < depth); at++) {
    const found = await context.store.executions.children(level, true);
    for (const parent of level)
      byParent.set(
        parent,
        found.filter((child) => child.parent === parent),
      );
    level = found.map((child) => child.id);
  }
  const inOrder = (parent: string): readonly Execution[] =>
    (byParent.get(parent) ?? []).flatMap((child) => [child, ...inOrder(child.id)]);
  return inOrder(id);
}
