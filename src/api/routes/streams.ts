/** `/stream/v1`: output of one execution, and the general stream (spec/output-streaming.md §4, §5). */
import { Fault, messageOf } from '../../base/errors.ts';
import { oneLineJson } from '../../base/json.ts';
import type { Execution } from '../../core/model/execution.ts';
import type { OutputType } from '../../core/model/output-record.ts';
import type { Context } from '../../operations/context.ts';
import { getExecution, resolveExecutionId } from '../../operations/find-executions.ts';
import type { OutputHub } from '../../operations/output-hub.ts';
import { followTree } from '../../operations/output-tree.ts';
import { beforeLastRecords, outputEnd } from '../../operations/read-output.ts';
import { TreeCursor } from '../../operations/tree-cursor.ts';
import { publishedExecution } from '../../wire/execution.ts';
import { eofFrame, outputEndEventName, parseCursor, parseOutputTypes } from '../../wire/output.ts';
import { eventFilter } from '../event-filter.ts';
import type { EventJournal } from '../event-journal.ts';
import { GeneralStream, startCursors } from '../general-stream.ts';
import { eventEncoding } from '../output-encodings.ts';
import { parseSince, parseTail, parseTreeSince, typeAndCursor } from '../output-query.ts';
import { type Route, route } from '../route.ts';
import { StreamConnection } from '../stream-connection.ts';
import { treeEncoding } from '../tree-stream.ts';

const contentType = 'text/event-stream; charset=UTF-8';

export function streamRoutes(
  context: Context,
  hub: OutputHub,
  journal: EventJournal,
  heartbeatMs: number,
): readonly Route[] {
  const { metrics, settings } = context;
  const delivered = { frames: metrics.streamFrames.of(), bytes: metrics.streamBytes.of() };
  const view = {
    get webUrl() {
      return settings.webUrl;
    },
    showSecrets: !settings.maskSecrets,
  };

  return [
    route({
      method: 'GET',
      path: '/stream/v1/executions/:id/output',
      summary: 'Output of one execution as events, from the start or a cursor, until it is over; the id may be last',
      query: {
        output_type: typeAndCursor.output_type,
        since: { kind: 'string', description: 'cursor; the header Last-Event-ID does the same' },
        tail: { kind: 'integer', description: 'of what there is so far, only the last so many records; a cursor wins' },
        status: { kind: 'boolean', description: 'st2.execution__update events too' },
        end: { kind: 'boolean', description: 'an event with status, lines and bytes before EOF' },
        recursive: {
          kind: 'boolean',
          description: 'of all executions below it too; the cursor is one for all of them',
        },
      },
      async handle({ path, query, headers, requester }) {
        const lastEventId = textOf(headers['last-event-id']);
        const tail = parseTail(query.tail);
        if (query.recursive && tail !== undefined)
          throw new Fault('invalid_input', 'tail: cannot be combined with recursive; take since to begin later');
        const tree = query.recursive ? treeCursor(lastEventId, query.since) : undefined;
        const since = tree ? 0 : parseSince(query.since);
        const id = await resolveExecutionId(context, requester, path.id ?? '');
        await getExecution(context, id);
        const types = parseOutputTypes(query.output_type);
        const cursor = lastEventId === undefined ? since : parseCursor(lastEventId);
        const afterSeq = cursor === 0 && tail !== undefined ? await tailStart(context, id, types, tail) : cursor;
        return {
          kind: 'take-over',
          run(request, response) {
            const connection = new StreamConnection(request, response, {
              contentType,
              clock: context.clock,
              heartbeatMs,
              mayCompress: true,
              delivered,
            });
            const tellStatus = (execution: Execution) => {
              const { result: _, ...rest } = execution;
              connection.write(
                `event: st2.execution__update\ndata: ${oneLineJson(publishedExecution(rest, view))}\n\n`,
              );
            };
            const common = {
              ...(types && { types }),
              sink: connection,
              signal: connection.signal,
              ...(query.status && { onChange: tellStatus }),
            };
            const following = tree
              ? followTree(context, hub, id, {
                  ...common,
                  cursor: tree,
                  encoding: treeEncoding(connection.framing, tree),
                  ...(query.status && { onEnd: tellStatus }),
                })
              : hub.follow(id, { ...common, afterSeq, encoding: eventEncoding(connection.framing) });
            void following
              .then((execution) => {
                if (!execution) return;
                if (query.status) tellStatus(execution);
                if (query.end)
                  connection.write(`event: ${outputEndEventName}\ndata: ${oneLineJson(endOf(execution))}\n\n`);
                connection.write(eofFrame);
                connection.end();
              })
              .catch((error) => {
                context.log.error({ execution: id, error: messageOf(error) }, 'a stream of output broke off');
                metrics.readersDropped.of('failure').add();
                connection.break();
              });
          },
        };
      },
    }),
    route({
      method: 'GET',
      path: '/stream/v1/stream',
      summary: 'Events as they happen',
      query: {
        events: { kind: 'array', description: 'names or globs; default: everything but output and aliases' },
        action_refs: { kind: 'array', description: 'only events of these actions' },
        execution_ids: { kind: 'array', description: 'only execution and output events of these' },
        end_event: {
          kind: 'string',
          description: 'with end_execution_id: end after this event of it, once it is completed',
        },
        end_execution_id: { kind: 'string', description: 'see end_event' },
        exclude_attributes: { kind: 'array', description: 'result: leave it out of execution events' },
      },
      async handle({ query, headers }) {
        const filter = eventFilter({
          events: query.events,
          actionRefs: query.action_refs,
          executionIds: query.execution_ids,
        });
        const lastEventId = textOf(headers['last-event-id']);
        const options = {
          filter,
          variant: query.exclude_attributes?.includes('result') ? 'no result' : 'full',
          ...(query.end_event !== undefined && { endEvent: query.end_event }),
          ...(query.end_execution_id !== undefined && { endExecutionId: query.end_execution_id }),
          ...(lastEventId !== undefined && { lastEventId }),
        } as const;
        const cursors = await startCursors(context, options);
        return {
          kind: 'take-over',
          run(request, response) {
            const connection = new StreamConnection(request, response, {
              contentType,
              clock: context.clock,
              heartbeatMs,
              delivered,
            });
            const stream = new GeneralStream(context, hub, journal, view, connection, options, cursors);
            void stream.run().catch((error) => {
              context.log.error({ error: messageOf(error) }, 'a stream of events broke off');
              metrics.readersDropped.of('failure').add();
              connection.break();
            });
          },
        };
      },
    }),
  ];
}

/** What a browser sends by itself may be anything; what somebody wrote into the address is meant. */
function treeCursor(lastEventId: string | undefined, since: string | undefined): TreeCursor {
  if (lastEventId !== undefined) return TreeCursor.parse(lastEventId) ?? new TreeCursor();
  return parseTreeSince(since);
}

async function tailStart(
  { output }: Context,
  id: string,
  types: readonly OutputType[] | undefined,
  records: number,
): Promise<number> {
  const endSeq = await outputEnd(output, id);
  return beforeLastRecords(output, id, { afterSeq: 0, endSeq, ...(types && { types }) }, records);
}

function endOf(execution: Execution): Record<string, unknown> {
  const result = execution.result ?? {};
  const exitCode = result.return_code ?? result.exit_code;
  return {
    execution_id: execution.id,
    status: execution.status,
    ...(typeof exitCode === 'number' && { exit_code: exitCode }),
    ...(execution.output ?? { records: 0, lines: 0, bytes: 0, lost_bytes: 0 }),
  };
}

function textOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}
