/**
 * Follows the output of one execution on path 2 (`/executions/<id>/output` of the stream service) until its end, over
 * as many connections as it takes: each new one continues after the last cursor, and what was seen already is skipped,
 * so a reader gets every record once. Leaves printing, and what to say about an outage, to its caller.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault, messageOf, systemCode } from '../base/errors.ts';
import { isObject, tryParseJson } from '../base/json.ts';
import type { ApiClient } from './api-client.ts';
import { isPassing } from './passing.ts';
import { Outage, patienceLimits } from './patience.ts';
import { type ServerEvent, SseParser } from './sse-parser.ts';

/** Whose output it is. */
export interface Origin {
  readonly executionId: string;
  readonly outputType: string;
  readonly host?: string;
  readonly task?: string;
}

export type FollowEvent =
  | ({ readonly kind: 'record'; readonly data: string; readonly timestamp: string } & Origin)
  /** Output that was not kept: `bytes` of it, -1 where nobody can say. */
  | ({ readonly kind: 'gap'; readonly bytes: number } & Origin)
  /** The execution as of now, without its result. Repeated after a reconnection. */
  | { readonly kind: 'execution'; readonly execution: Readonly<Record<string, unknown>> }
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'found' };

export interface FollowOptions {
  readonly executionId: string;
  readonly outputType?: string;
  /** Only records after this cursor. */
  readonly since?: string;
  /** Of what there is so far, only the last so many records. */
  readonly tail?: number;
  /** All executions below it too. */
  readonly isRecursive?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Without a byte for this long the connection is dead: the server sends a heartbeat each 25 s, so three were missed.
 */
const silenceMaxMs = 80_000;

/** A server that accepts and closes at once, over and over, must not look like one that is back. */
const steadyMs = 10_000;

/**
 * Yields until the server says the output is complete; then returns. Batches are what one read brought, so that a
 * caller can print them with one write.
 * Throws what the server refuses with (401, 403, 404 …), and Fault `unreachable` when it stays away.
 */
export async function* followOutput(client: ApiClient, options: FollowOptions): AsyncGenerator<readonly FollowEvent[]> {
  const outage = new Outage();
  let cursor = options.since ?? '';
  /** Of each execution. */
  const lastSeqs = new Map<unknown, number>();
  for (;;) {
    let reason = 'the connection ended before the output did';
    const startedMs = Date.now();
    try {
      for await (const events of connectOnce(client, options, cursor)) {
        const batch: FollowEvent[] = outage.over() ? [{ kind: 'found' }] : [];
        let complete = false;
        for (const event of events) {
          if (event.event === 'EOF') {
            complete = true;
            break;
          }
          if (event.id !== '') cursor = event.id;
          const value = tryParseJson(event.data);
          if (!isObject(value)) continue;
          const seq = value.seq;
          if (typeof seq === 'number') {
            if (seq <= (lastSeqs.get(value.execution_id) ?? 0)) continue;
            lastSeqs.set(value.execution_id, seq);
          }
          batch.push(...understand(event.event, value));
        }
        if (batch.length > 0) yield batch;
        if (complete) return;
      }
    } catch (error) {
      if (!isPassing(error)) throw error;
      reason = messageOf(error);
    }
    // A connection that held for a while was a good one, even if the action had nothing to say.
    if (Date.now() - startedMs > steadyMs) outage.over();
    const patience = outage.failed(Date.now());
    if (patience.kind === 'give-up')
      throw new Fault(
        'unreachable',
        `gave up following execution ${options.executionId} after ${Math.round(patience.afterMs / 1000)} seconds: ${reason}`,
      );
    if (patience.say) yield [{ kind: 'lost', reason }];
    await sleep(patience.ms, undefined, options.signal ? { signal: options.signal } : {});
  }
}

/** How long `followOutput` keeps trying, for messages. */
export const followPatienceMinutes = patienceLimits.totalMs / 60_000;

async function* connectOnce(client: ApiClient, options: FollowOptions, cursor: string): AsyncGenerator<ServerEvent[]> {
  const body = await client.open(`/executions/${encodeURIComponent(options.executionId)}/output`, {
    service: 'stream',
    query: [
      ...(options.outputType === undefined ? [] : [['output_type', options.outputType] as const]),
      ...(options.since === undefined ? [] : [['since', options.since] as const]),
      ...(options.tail === undefined ? [] : [['tail', String(options.tail)] as const]),
      ...(options.isRecursive ? [['recursive', 'true'] as const] : []),
      ['status', 'true'] as const,
    ],
    headers: { Accept: 'text/event-stream', ...(cursor === '' ? {} : { 'Last-Event-ID': cursor }) },
    ...(options.signal ? { signal: options.signal } : {}),
  });
  body.socket.setTimeout(silenceMaxMs, () => body.destroy(silence()));
  const parser = new SseParser(cursor);
  try {
    for await (const piece of body) {
      const events = parser.feed(piece);
      if (events.length > 0) yield events;
    }
  } catch (error) {
    if (options.signal?.aborted || systemCode(error) === undefined) throw error;
    throw new Fault('unreachable', `the connection broke (${messageOf(error)})`, { cause: error });
  } finally {
    body.destroy();
  }
}

type RecordEvent = Extract<FollowEvent, { kind: 'record' | 'gap' }>;

/** A published record, as an event of a follower. */
export function understandRecord(value: Readonly<Record<string, unknown>>): RecordEvent[] {
  const origin = {
    executionId: text(value.execution_id),
    outputType: text(value.output_type),
    ...(typeof value.host === 'string' && { host: value.host }),
    ...(typeof value.task === 'string' && { task: value.task }),
  };
  const lost = value.lost_bytes;
  const gap: RecordEvent[] = typeof lost === 'number' ? [{ kind: 'gap', bytes: lost, ...origin }] : [];
  const data = text(value.data);
  return data === '' ? gap : [...gap, { kind: 'record', data, timestamp: text(value.timestamp), ...origin }];
}

function understand(event: string, value: Record<string, unknown>): FollowEvent[] {
  switch (event) {
    case 'st2.execution.output__create':
      return understandRecord(value);
    case 'st2.execution__update':
      return [{ kind: 'execution', execution: value }];
    default:
      return []; // events of a newer server
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function silence(): Error {
  return Object.assign(new Error(`nothing heard for ${silenceMaxMs / 1000} seconds`), { code: 'ETIMEDOUT' });
}
