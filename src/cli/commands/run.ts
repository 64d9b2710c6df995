/** `run`, `action execute` and `execution re-run`: start an execution, wait for it or tail it, show what came of it. */
import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault, messageOf } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { persist } from '../../client/passing.ts';
import type { Call, Outcome } from '../command.ts';
import { UsageError } from '../options.ts';
import { inheritedEnvironment, parseRunParameters } from '../run-parameters.ts';
import { openSession, type Session } from '../session.ts';
import { describeAction } from './action-help.ts';
import { attachTo } from './attach.ts';
import { isWorkflow, runAttributes, showExecution } from './execution-view.ts';
import { outageTalk, printLive, readExecution } from './output-printer.ts';
import { type Row, rowOf, rowsOf } from './show.ts';

export function run(call: Call): Promise<Outcome> {
  return start(call, call.options.has('async'));
}

export function execute(call: Call): Promise<Outcome> {
  return start(call, !call.options.has('tail') && !call.options.has('attach'));
}

interface Subject {
  readonly action: Row;
  readonly runner: Row;
}

async function start(call: Call, isAsync: boolean): Promise<Outcome> {
  const [ref, ...words] = call.args;
  if (ref === undefined) {
    if (!call.options.has('help')) throw new UsageError('Missing action reference or id');
    await call.terminal.write(call.help());
    return 'done';
  }
  const session = await openSession(call);
  const subject = await findSubject(session, ref);
  if (call.options.has('help')) {
    await call.terminal.print(describeAction(subject.action, subject.runner));
    return 'done';
  }
  const delay = call.options.integer('delay');
  const trace = traceContext(call);
  const { value } = await session.client.call('POST', '/executions', {
    body: {
      action: `${String(subject.action.pack)}.${String(subject.action.name)}`,
      parameters: parametersOf(call, subject, words),
      user: call.options.text('user') ?? null,
      ...(delay === undefined ? {} : { delay }),
      ...(trace ? { context: { trace_context: trace } } : {}),
    },
  });
  return finish(call, session, rowOf(value), isAsync);
}

export async function rerun(call: Call): Promise<Outcome> {
  const [id = '', ...words] = call.args;
  const tasks = call.options.texts('tasks') ?? [];
  const kept = call.options.texts('no-reset') ?? [];
  if (kept.some((task) => !tasks.includes(task)))
    throw new Error('List of tasks to reset does not match the tasks to rerun.');
  const session = await openSession(call);
  const before = await readExecution(session, id);
  const ref = isObject(before.action) ? String(before.action.ref) : '';
  const subject = await findSubject(session, ref);
  const { value } = await session.client.call('POST', `/executions/${encodeURIComponent(id)}/re_run`, {
    body: {
      parameters: parametersOf(call, subject, words),
      tasks,
      reset: tasks.filter((task) => !kept.includes(task)),
      delay: call.options.integer('delay') ?? 0,
      ...(call.options.has('user') ? { user: call.options.text('user') } : {}),
    },
  });
  return finish(call, session, rowOf(value), call.options.has('async'));
}

async function findSubject(session: Session, ref: string): Promise<Subject> {
  const answer = await session.client.callAny('GET', `/actions/${encodeURIComponent(ref)}`);
  if (answer.status === 404) throw new Error(`Resource with id or reference "${ref}" doesn't exist.`);
  if (answer.status >= 400) throw answer.error;
  const action = rowOf(answer.value);
  const name = String(action.runner_type);
  const [runner] = rowsOf(await session.client.get('/runnertypes/', [['name', name]]));
  if (!runner) throw new Error(`Runner type "${name}" for action "${ref}" cannot be found.`);
  return { action, runner };
}

function parametersOf(call: Call, subject: Subject, words: readonly string[]): Row {
  const parameters = parseRunParameters(words, {
    actionRef: String(subject.action.ref),
    runnerParameters: rowOf(subject.runner.runner_parameters),
    actionParameters: rowOf(subject.action.parameters),
    autoDict: call.options.has('auto-dict'),
    readFile: readParameterFile,
  });
  if (!call.options.has('inherit-env')) return parameters;
  return { ...parameters, env: { ...inheritedEnvironment(call.terminal.environment), ...rowOf(parameters.env) } };
}

function readParameterFile(path: string): { text: string; baseName: string } {
  const full = resolve(path);
  try {
    return { text: readFileSync(full, 'utf8'), baseName: basename(full) };
  } catch (error) {
    throw new Fault('invalid_parameter', `file "${full}" cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function traceContext(call: Call): Row | undefined {
  const id = call.options.text('trace-id');
  if (id !== undefined) return { id_: id };
  const tag = call.options.text('trace-tag');
  return tag === undefined ? undefined : { trace_tag: tag };
}

/** What is left once the execution exists. */
async function finish(call: Call, session: Session, execution: Row, isAsync: boolean): Promise<Outcome> {
  const { terminal, options } = call;
  const id = String(execution.id);
  if (isAsync) {
    await terminal.print(
      `To get the results, execute:\n st2 execution get ${id}\n\nTo view output in real-time, execute:\n st2 execution tail ${id}`,
    );
    return outcomeOf(execution);
  }
  let final: Row;
  if (options.has('attach')) {
    const status = await attachTo(session, terminal, execution, 'keys');
    if (status === undefined) return 'done';
    await terminal.print('');
    final = await readExecution(session, id);
  } else if (options.has('tail')) {
    await terminal.print(`Tailing execution "${id}"`);
    await printLive(session, terminal, { executionId: id, withMetadata: false, isRecursive: isWorkflow(execution) });
    await terminal.print('');
    final = await readExecution(session, id);
  } else {
    final = await wait(call, session, execution);
    await terminal.print('');
  }
  await showExecution(call, session, final, { attributes: runAttributes, withElapsed: false });
  return outcomeOf(final);
}

/** Everything else ends the wait at once: paused and pending may last for days. */
const waitedFor: readonly unknown[] = ['requested', 'scheduled', 'running', 'canceling']; // the original's own choice, not a group of the status table

/** First look after 50 ms, then ever later up to the original's 2 s: short actions are quick, long ones cost little. */
const pollMs = { first: 50, longest: 2_000 } as const;

/** Asks until it is over, a dot each time it asks. A server that is restarting is waited for. */
async function wait(call: Call, session: Session, execution: Row): Promise<Row> {
  const showsDots = !call.options.has('json') && !call.options.has('yaml');
  const talk = outageTalk(call.terminal);
  let current = execution;
  let delayMs: number = pollMs.first;
  while (waitedFor.includes(current.status)) {
    await sleep(delayMs);
    delayMs = Math.min(delayMs * 2, pollMs.longest);
    if (showsDots) await call.terminal.write('.');
    current = await persist(talk, () => readExecution(session, String(execution.id)));
  }
  return current;
}

function outcomeOf(execution: Row): Outcome {
  return execution.status === 'failed' ? 'failed' : 'done';
}
