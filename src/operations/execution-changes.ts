/** Telling everybody that an execution changed: always after the commit, always with the record as it was stored. */
import type { Execution } from '../core/model/execution.ts';
import type { Context } from './context.ts';

export function countEnd({ metrics }: Pick<Context, 'metrics'>, { runner, status }: Execution): void {
  metrics.ended.of(runner.name, status).add();
}

export function publishChange(
  context: Pick<Context, 'bus'>,
  event: 'create' | 'update' | 'delete',
  execution: Execution,
): void {
  context.bus.publish('execution.changed', { event, execution }, execution.id);
}
