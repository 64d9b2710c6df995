/**
 * Prints an execution's output as it comes, with the lines that mark its start and end (spec/output-streaming.md §7.3).
 * Data goes to stdout byte for byte; talk of lost connections goes to stderr.
 */
import {
  followOutput,
  type FollowEvent,
  followPatienceMinutes,
  type Origin,
  understandRecord,
} from '../../client/follow-output.ts';
import { type KeptOptions, readKeptRecords, readKeptText } from '../../client/kept-output.ts';
import type { OutageTalk } from '../../client/passing.ts';
import { HttpStatusError } from '../../client/http-status-error.ts';
import { messageOf } from '../../base/errors.ts';
import { UsageError } from '../options.ts';
import { valueAt } from '../output/attributes.ts';
import { type Lane, LaneText } from '../output/lane-text.ts';
import type { Session } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { type Row, rowOf } from './show.ts';

export interface PrintOptions extends KeptOptions {
  readonly withMetadata: boolean;
  /** All executions below it too. */
  readonly isRecursive?: boolean;
  /** Host and task before each line; absent: where there are hosts, the host. */
  readonly names?: 'host and task' | 'none';
  /** Ends the following, which then throws. */
  readonly signal?: AbortSignal;
}

/** Completed: nothing changes it any more. By published name, as a program of another version reads it. */
const finalStatuses: readonly unknown[] = ['succeeded', 'failed', 'timeout', 'canceled', 'abandoned']; // a client cannot import the core

export function isOver(execution: Row): boolean {
  return finalStatuses.includes(execution.status);
}

/** Follows to the end; resolves to the status the execution ended in. */
export async function printLive(session: Session, terminal: Terminal, options: PrintOptions): Promise<string> {
  const { executionId } = options;
  const talk = outageTalk(terminal);
  const lanes = laneText(terminal, options);
  let hasStarted = false;
  let status: string | undefined;
  for await (const batch of followOutput(session.client, options)) {
    let text = '';
    for (const event of batch) {
      switch (event.kind) {
        case 'record':
        case 'gap':
          text += lanes.add(laneOf(event, options), recordText(event, options.withMetadata));
          break;
        case 'execution':
          if (event.execution.id !== undefined && event.execution.id !== executionId) {
            text += childText(event.execution, lanes);
          } else if (isOver(event.execution)) status = String(event.execution.status);
          else if (event.execution.status === 'running' && !hasStarted) {
            hasStarted = true;
            text += `Execution ${executionId} has started.\n\n`;
          }
          break;
        case 'lost':
          talk.lost(event.reason);
          break;
        case 'found':
          talk.found();
          break;
      }
    }
    await terminal.write(text);
  }
  await terminal.write(lanes.end() + lanes.endLine());
  // A server that does not send statuses on this path (StackStorm's own) is asked.
  const final = status ?? String((await readExecution(session, executionId)).status);
  await printEnd(terminal, executionId, final);
  return final;
}

function laneText(terminal: Terminal, { names, grep }: PrintOptions): LaneText {
  return new LaneText({
    hasNames: names !== 'none',
    coloured: terminal.coloured,
    ...(grep && { matches: lineTest(grep) }),
  });
}

/** Where the lines are looked for here, because they are still to come. */
function lineTest({ pattern, isRegex, ignoresCase }: NonNullable<PrintOptions['grep']>): (line: string) => boolean {
  const source = isRegex ? pattern : pattern.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&');
  try {
    const expression = new RegExp(source, ignoresCase ? 'iu' : 'u');
    return (line) => expression.test(line);
  } catch (error) {
    throw new UsageError(`option --grep: "${pattern}" is no regular expression: ${messageOf(error)}`);
  }
}

function laneOf(origin: Origin, { names }: PrintOptions): Lane {
  const { executionId, outputType, host, task } = origin;
  const shown = names === 'host and task' ? [task, host] : [host];
  return {
    name: shown.filter((one) => one !== undefined).join(' '),
    key: `${executionId} ${outputType} ${host ?? ''}`,
  };
}

function childText(execution: Row, lanes: LaneText): string {
  const name = valueAt(execution, 'context.orquesta.task_name') ?? valueAt(execution, 'context.chain.name');
  const child = `Child execution (task=${String(name ?? 'unknown')}) ${String(execution.id)}`;
  if (execution.status === 'running') return `${lanes.endLine()}${child} has started.\n\n`;
  return isOver(execution) ? `${lanes.endLine()}\n${child} has finished (status=${String(execution.status)}).\n` : '';
}

function recordText(event: Extract<FollowEvent, { kind: 'record' | 'gap' }>, withMetadata: boolean): string {
  if (event.kind === 'record')
    return withMetadata ? `[${event.timestamp}][${event.outputType}] ${event.data}` : event.data;
  const amount = event.bytes < 0 ? 'some output' : `${event.bytes} bytes of output`;
  return `\n[... ${amount} were not kept ...]\n`;
}

/** The output kept so far. Of several hosts, who knows of them asks for `names`. */
export async function printKept(session: Session, terminal: Terminal, options: PrintOptions): Promise<void> {
  const talk = outageTalk(terminal);
  if (!options.withMetadata && options.names === undefined)
    return readKeptText(session.client, options, talk, (piece) => terminal.write(piece));
  const { grep: _, ...kept } = options;
  const lanes = laneText(terminal, options);
  await readKeptRecords(session.client, kept, talk, (records) =>
    terminal.write(
      records
        .flatMap((record) => understandRecord(record))
        .map((event) => lanes.add(laneOf(event, options), recordText(event, options.withMetadata)))
        .join(''),
    ),
  );
  await terminal.write(lanes.end() + lanes.endLine());
}

/** What is said of a server that went away and came back. */
export function outageTalk(terminal: Terminal): OutageTalk {
  return {
    lost: (reason) =>
      terminal.tell(`connection lost (${reason}); trying again for up to ${followPatienceMinutes} minutes`),
    found: () => terminal.tell('connected again'),
  };
}

export function printEnd(terminal: Terminal, executionId: string, status: string): Promise<void> {
  return terminal.print(`\nExecution ${executionId} has completed (status=${status}).`);
}

export async function readExecution(session: Session, id: string): Promise<Row> {
  try {
    return rowOf(await session.client.get(`/executions/${encodeURIComponent(id)}`));
  } catch (error) {
    if (error instanceof HttpStatusError && error.status === 404) throw new Error(`Execution with id ${id} not found.`);
    throw error;
  }
}
