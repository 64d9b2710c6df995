/** Asking an execution to stop, pause, resume, or taking over a status from outside (spec/executions.md §3.3, §3.4). */
import { Fault } from '../base/errors.ts';
import type { Execution, ExecutionResult } from '../core/model/execution.ts';
import { canCancel, canMove, type ExecutionStatus, isFinal, startedStatuses } from '../core/model/execution-status.ts';
import type { Context, Requester } from './context.ts';
import { countEnd, publishChange } from './execution-changes.ts';
import { getExecution } from './find-executions.ts';

export type CancelAnswer =
  | { readonly kind: 'execution'; readonly execution: Execution }
  | { readonly kind: 'refused'; readonly message: string };

/** Losing a race against the execution's own progress means looking again; more often than this cannot happen: statuses only go forward. */
const racesMax = 10;

/**
 * What waits is canceled at once; what runs turns `canceling`, is stopped, and becomes `canceled` when its processes are
 * gone and its output is complete. Repeating it is fine.
 */
export async function cancelExecution(context: Context, requester: Requester, id: string): Promise<CancelAnswer> {
  for (let race = 0; race < racesMax; race++) {
    const execution = await getExecution(context, id, 'whole');
    const { status } = execution;
    if (status === 'canceled' || status === 'canceling') return { kind: 'execution', execution };
    if (!canCancel(status)) return { kind: 'refused', message: `Action cannot be canceled. State = ${status}.` };
    const canceled = await (hasStarted(execution)
      ? askToStop(context, requester, execution)
      : cancelWaiting(context, requester, execution));
    if (!canceled) continue;
    publishChange(context, 'update', canceled);
    if (canceled.status === 'canceling') context.bus.publish('execution.cancel', { id }, id);
    return { kind: 'execution', execution: canceled };
  }
  throw new Fault('busy', `execution ${id} keeps changing; try again`);
}

function hasStarted(execution: Execution): boolean {
  return execution.status !== 'requested' && execution.status !== 'delayed';
}

export function cancelResult(user: string): ExecutionResult {
  return { message: 'Action canceled by user.', user };
}

function askToStop(context: Context, requester: Requester, execution: Execution): Promise<Execution | undefined> {
  return context.store.executions.move(execution.id, {
    to: 'canceling',
    from: [execution.status],
    atUs: context.clock.nowUs(),
    context: { ...execution.context, cancelled_by: requester.user },
  });
}

async function cancelWaiting(
  context: Context,
  requester: Requester,
  execution: Execution,
): Promise<Execution | undefined> {
  const nowUs = context.clock.nowUs();
  const canceled = await context.store.executions.finish(execution.id, {
    to: 'canceled',
    from: [execution.status],
    atUs: nowUs,
    // The clock may have been set back since.
    endUs: Math.max(execution.start_us, nowUs),
    context: { ...execution.context, cancelled_by: requester.user },
    result: cancelResult(requester.user),
  });
  if (canceled) countEnd(context, canceled);
  return canceled;
}

/** `PUT /executions/<id>`: a wish (`canceled`, `paused` …) or a status that an external executor reports. */
export async function updateExecution(
  context: Context,
  requester: Requester,
  id: string,
  update: { status?: ExecutionStatus; result?: ExecutionResult },
): Promise<Execution> {
  const execution = await getExecution(context, id, 'whole');
  if (isFinal(execution.status)) throw new Fault('invalid_transition', 'Execution is already in completed state.');
  switch (update.status) {
    case 'canceling':
    case 'canceled': {
      const answer = await cancelExecution(context, requester, id);
      if (answer.kind === 'refused') throw new Fault('invalid_transition', answer.message);
      return answer.execution;
    }
    case 'pausing':
    case 'paused':
      throw cannotPause(execution, 'pause');
    case 'resuming':
      throw cannotPause(execution, 'resume');
    case undefined:
      if (update.result === undefined) return execution;
      throw new Fault(
        'invalid_input',
        'a result needs a completed status beside it: the runner of this execution is still working on it',
      );
    default:
      return reportStatus(context, execution, update.status, update.result);
  }
}

function cannotPause(execution: Execution, verb: 'pause' | 'resume'): Fault {
  return new Fault(
    'invalid_transition',
    `Failed updating execution. Unable to ${verb} liveaction "${execution.liveaction_id}" because it is not supported by the "${execution.runner.name}" runner.`,
  );
}

/**
 * An external executor reports the end of what it was given. What a runner of ours works on ends by itself or is
 * canceled: anything else would leave its processes and its output behind a status that is not true.
 */
async function reportStatus(
  context: Context,
  execution: Execution,
  to: ExecutionStatus,
  result: ExecutionResult | undefined,
): Promise<Execution> {
  if (execution.status === to) return execution;
  const { id, status } = execution;
  if (!isFinal(to) || !canMove(status, to)) {
    throw new Fault('invalid_transition', `an execution that is ${status} cannot be made ${to} from outside`);
  }
  if (hasProcess(status)) {
    throw new Fault(
      'invalid_transition',
      `the ${execution.runner.name} runner is still working on it; cancel it instead`,
    );
  }
  const nowUs = context.clock.nowUs();
  const moved = await context.store.executions.finish(id, {
    to,
    from: [status],
    atUs: nowUs,
    endUs: Math.max(execution.start_us, nowUs),
    result: result ?? {},
  });
  if (!moved) throw new Fault('conflict', `execution ${id} changed meanwhile; look again`);
  countEnd(context, moved);
  publishChange(context, 'update', moved);
  return moved;
}

function hasProcess(status: ExecutionStatus): boolean {
  return startedStatuses.includes(status);
}
