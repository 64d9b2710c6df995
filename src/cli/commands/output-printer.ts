/**
 * Prints an execution's output as it comes, with the lines that mark its start and end (spec/output-streaming.md §7.3).
 * Data goes to stdout byte for byte; talk of lost connections goes to stderr.
 */
import { followOutput, type FollowEvent, followPatienceMinutes } from '../../client/follow-output.ts';
import { readKeptRecords, readKeptText } from '../../client/kept-output.ts';
import type { OutageTalk } from '../../client/passing.ts';
import { HttpStatusError } from '../../client/http-status-error.ts';
import type { Session } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { type Row, rowOf } from './show.ts';

export interface PrintOptions {
  readonly executionId: string;
  readonly outputType?: string;
  readonly withMetadata: boolean;
  readonly since?: string;
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
  let hasStarted = false;
  let status: string | undefined;
  for await (const batch of followOutput(session.client, options)) {
    let text = '';
    for (const event of batch) {
      switch (event.kind) {
        case 'record':
        case 'gap':
          text += recordText(event, options.withMetadata);
          break;
        case 'execution':
          if (event.execution.id !== undefined && event.execution.id !== executionId) break;
          if (isOver(event.execution)) status = String(event.execution.status);
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
  // A server that does not send statuses on this path (StackStorm's own) is asked.
  const final = status ?? String((await readExecution(session, executionId)).status);
  await printEnd(terminal, executionId, final);
  return final;
}

function recordText(event: Extract<FollowEvent, { kind: 'record' | 'gap' }>, withMetadata: boolean): string {
  if (event.kind === 'record')
    return withMetadata ? `[${event.timestamp}][${event.outputType}] ${event.data}` : event.data;
  const amount = event.bytes < 0 ? 'some output' : `${event.bytes} bytes of output`;
  return `\n[... ${amount} were not kept ...]\n`;
}

/** The output kept so far. */
export function printKept(session: Session, terminal: Terminal, options: PrintOptions): Promise<void> {
  const talk = outageTalk(terminal);
  if (!options.withMetadata) return readKeptText(session.client, options, talk, (piece) => terminal.write(piece));
  return readKeptRecords(session.client, options, talk, (records) =>
    terminal.write(records.map(withMetadata).join('')),
  );
}

function withMetadata(record: Row): string {
  return `[${String(record.timestamp)}][${String(record.output_type)}] ${String(record.data)}`;
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
