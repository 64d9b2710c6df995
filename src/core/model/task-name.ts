/** The task of a workflow that an execution runs, by the name it has there; undefined where it is no task's. */
import { isObject } from '../../base/json.ts';
import type { ExecutionContext } from './execution.ts';

export function taskName({ orquesta, chain }: ExecutionContext): string | undefined {
  if (isObject(orquesta) && typeof orquesta.task_name === 'string') return orquesta.task_name;
  return isObject(chain) && typeof chain.name === 'string' ? chain.name : undefined;
}
