/** Asking for an action to be run: checked, stored, and only then told to anybody. */
import { Fault } from '../base/errors.ts';
import { formatTimestamp } from '../base/timestamp.ts';
import type { Action, Notify } from '../core/model/action.ts';
import type { Execution, ExecutionContext } from '../core/model/execution.ts';
import type { RunnerType } from '../core/model/runner-type.ts';
import { requestParameters } from '../core/params/request-parameters.ts';
import type { Context, Requester } from './context.ts';
import { publishChange } from './execution-changes.ts';
import { getExecution } from './find-executions.ts';
import { takePlaceInQueue } from './queue-limit.ts';

export interface ExecutionRequest {
  /** Reference of the action. */
  readonly action: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Run for somebody else; admins only. */
  readonly user?: string;
  /** Milliseconds to wait before it starts. */
  readonly delay?: number;
  /** Merged over what the server puts into the context; cannot change who asked. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly notify?: Notify;
}

/** Throws `invalid_parameter`, `invalid_input` (unknown or disabled action: StackStorm answers 400), `forbidden`. */
export async function requestExecution(
  context: Context,
  requester: Requester,
  request: ExecutionRequest,
): Promise<Execution> {
  const { action, runner } = await runnableAction(context, request.action);
  if (request.user !== undefined && request.user !== requester.user && !requester.isAdmin) {
    throw new Fault('forbidden', `only an admin may run actions as another user ("${request.user}")`);
  }
  const { live } = requestParameters({ runner, action, supplied: request.parameters });
  const execution = newExecution(context, {
    action,
    runner,
    parameters: live,
    executionContext: executionContext(request.context ?? {}, request.user ?? requester.user, action.pack),
    ...(request.delay !== undefined && { delayMs: request.delay }),
    ...(request.notify !== undefined && { notify: request.notify }),
  });
  await store(context, execution);
  context.metrics.requested.of(runner.name).add();
  return execution;
}

/** Stored, told, and on its way: begun here where there is a place for it, else waiting for one. */
async function store(context: Context, execution: Execution): Promise<void> {
  const place = execution.due_us > execution.start_us ? undefined : context.starter?.reserve();
  if (!place) {
    await takePlaceInQueue(context);
    await context.store.executions.insert(execution);
    publishChange(context, 'create', execution);
    context.bus.publish('execution.requested', { id: execution.id });
    return;
  }
  try {
    const claimed = place.claim(execution);
    await context.store.executions.insert(claimed);
    publishChange(context, 'create', execution);
    place.begin(claimed);
  } finally {
    place.release();
  }
}

export interface ReRun {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly tasks: readonly string[];
  readonly reset: readonly string[];
  readonly user?: string;
  readonly delay?: number;
}

/** The old parameters overlaid with new ones, as a new execution that names the old one in its context. */
export async function reRunExecution(
  context: Context,
  requester: Requester,
  id: string,
  wish: ReRun,
): Promise<Execution> {
  const old = await getExecution(context, id);
  if ((wish.tasks.length > 0 || wish.reset.length > 0) && Object.keys(wish.parameters).length > 0) {
    throw new Fault('invalid_input', 'Parameters override is not supported when re-running task(s) for a workflow.');
  }
  if (wish.reset.some((task) => !wish.tasks.includes(task))) {
    throw new Fault('invalid_input', 'List of tasks to reset does not match the tasks to rerun.');
  }
  if (wish.tasks.length > 0 && old.runner.name !== 'orquesta') {
    throw new Fault('invalid_input', 'Task option is only supported for Orquesta workflows.');
  }
  return requestExecution(context, requester, {
    action: old.action.ref,
    parameters: { ...old.parameters, ...wish.parameters },
    context: { 're-run': { ref: old.id } },
    ...(wish.user ? { user: wish.user } : {}),
    ...(wish.delay ? { delay: wish.delay } : {}),
  });
}

async function runnableAction(context: Context, ref: string): Promise<{ action: Action; runner: RunnerType }> {
  const action = await context.store.content.findAction(ref);
  if (!action) throw new Fault('invalid_input', `Action "${ref}" cannot be found.`, { details: { action: ref } });
  if (!action.enabled)
    throw new Fault('invalid_input', `Unable to execute. Action "${ref}" is disabled.`, { details: { action: ref } });
  const runner = await context.store.content.findRunnerType(action.runner_type);
  if (!runner) {
    throw new Fault(
      'invalid_input',
      `action "${ref}": its runner "${action.runner_type}" is not part of this installation`,
      { details: { action: ref } },
    );
  }
  return { action, runner };
}

/** What nobody may set from outside: it decides who acts and what it belongs to. */
const reservedContextKeys = new Set(['user', 'pack', 'rbac', 'cancelled_by', 'paused_by', 'resumed_by']);

function executionContext(given: Readonly<Record<string, unknown>>, user: string, pack: string): ExecutionContext {
  const kept = Object.fromEntries(Object.entries(given).filter(([key]) => !reservedContextKeys.has(key)));
  return { ...kept, user, pack };
}

/** Longest delay: a year. A longer one is a mistake in the unit. */
const delayMsMax = 365 * 24 * 3600 * 1000;

function newExecution(
  context: Context,
  of: {
    action: Action;
    runner: RunnerType;
    parameters: Execution['parameters'];
    executionContext: ExecutionContext;
    delayMs?: number;
    notify?: Notify;
  },
): Execution {
  const { delayMs = 0 } = of;
  if (!Number.isInteger(delayMs) || delayMs < 0 || delayMs > delayMsMax) {
    throw new Fault('invalid_input', `delay: expected milliseconds from 0 to ${delayMsMax}, got ${delayMs}`);
  }
  const nowUs = context.clock.nowUs();
  const parent = of.executionContext.parent?.execution_id;
  return {
    id: context.newId(),
    liveaction_id: context.newId(),
    status: 'requested',
    start_us: nowUs,
    due_us: nowUs + delayMs * 1000,
    ...(delayMs > 0 && { delay: delayMs }),
    action: of.action,
    runner: of.runner,
    parameters: of.parameters,
    context: of.executionContext,
    ...(of.notify && { notify: of.notify }),
    log: [{ timestamp: formatTimestamp(Math.floor(nowUs / 1000) * 1000), status: 'requested' }],
    ...(typeof parent === 'string' && { parent }),
    children: [],
    attempt: 0,
  };
}
