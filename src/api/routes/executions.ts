/** `/executions`: request, list, look at, stop, run again (spec/executions.md §3). */
import { gzipSync } from 'node:zlib';
import { Fault } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import type { Execution } from '../../core/model/execution.ts';
import { parseExecutionStatus } from '../../core/model/execution-status.ts';
import type { Notify } from '../../core/model/action.ts';
import { awaitExecution } from '../../operations/await-execution.ts';
import { cancelExecution, updateExecution } from '../../operations/change-execution.ts';
import type { Context, Requester } from '../../operations/context.ts';
import { descendants, getExecution, resolveExecutionId } from '../../operations/find-executions.ts';
import { requestExecution, reRunExecution } from '../../operations/request-execution.ts';
import { sendInput } from '../../operations/send-input.ts';
import { publishedExecution } from '../../wire/execution.ts';
import {
  executionAttributes,
  executionInputSchema,
  executionRequestSchema,
  executionSchema,
  executionUpdateSchema,
  reRunSchema,
} from '../../wire/execution-fields.ts';
import { pagingHeaders, parseAttributes, parsePaging } from '../../wire/list-query.ts';
import { Type } from 'typebox';
import { executionListQuery, executionQuery } from '../execution-query.ts';
import { type Route, type RouteRequest, route } from '../route.ts';

const path = '/api/v1/executions';
const showSecrets = { kind: 'boolean', description: 'plain values, for admins' } as const;

const waitQuery = {
  kind: 'integer',
  description: 'seconds to wait for the end before answering, with the result; the answer comes then all the same',
} as const;

/** Proxies and clients give up on a silent answer after minutes. */
const waitSecondsMax = 300;

/** Bounds of `max_result_size`, in bytes. */
const resultSizeMax = 14 * 1024 * 1024;
const listSchema = Type.Array(executionSchema);

export function executionRoutes(context: Context): readonly Route[] {
  const publish = (execution: Execution, requester: Requester, wantsSecrets: boolean | undefined) =>
    publishedExecution(execution, {
      webUrl: context.settings.webUrl,
      showSecrets: !context.settings.maskSecrets || (wantsSecrets === true && requester.isAdmin),
    });
  /** The id in the path, which may be `last`. */
  const idOf = (variables: RouteRequest['path'], requester: Requester) =>
    resolveExecutionId(context, requester, variables.id ?? '');

  return [
    route({
      method: 'GET',
      path,
      summary: 'List executions, newest first',
      query: executionListQuery,
      response: listSchema,
      async handle({ query, requester }) {
        const paging = parsePaging(query, {
          defaultLimit: 100,
          maxPageSize: context.settings.maxPageSize,
          isAdmin: requester.isAdmin,
        });
        const attributes = parseAttributes(
          { include: query.include_attributes, exclude: query.exclude_attributes },
          executionAttributes,
        );
        const { executions, total } = await context.store.executions.list(
          executionQuery(query, paging, attributes.has('result')),
        );
        const body = executions.map((execution) => attributes.of(publish(execution, requester, query.show_secrets)));
        return { headers: pagingHeaders(paging, total), body };
      },
    }),
    route({
      method: 'POST',
      path,
      summary: 'Run an action',
      query: { show_secrets: showSecrets, wait: waitQuery },
      body: executionRequestSchema,
      response: executionSchema,
      async handle({ body, headers, query, requester }) {
        const wish = objectOf(body);
        const waitMs = requestedWaitMs(query.wait);
        const requested = await requestExecution(context, requester, {
          action: String(wish.action),
          parameters: objectOf(wish.parameters),
          context: { ...objectOf(wish.context), ...headerContext(headers['st2-context']) },
          ...(typeof wish.user === 'string' && wish.user !== '' && { user: wish.user }),
          ...(typeof wish.delay === 'number' && { delay: wish.delay }),
          ...(isObject(wish.notify) && { notify: wish.notify as Notify }), // unknown keys are kept as sent
        });
        const execution = await awaitExecution(context, requested, waitMs);
        return { status: 201, body: publish(execution, requester, query.show_secrets) };
      },
    }),
    route({
      method: 'GET',
      path: `${path}/views/filters`,
      summary: 'Distinct values to filter a history by',
      query: { types: { kind: 'array', description: 'only these filters' } },
      async handle({ query }) {
        const { executions } = context.store;
        const [action, status, runner, user] = await Promise.all([
          executions.distinct('action'),
          executions.distinct('status'),
          executions.distinct('runner'),
          executions.distinct('user'),
        ]);
        const all = { action, status, rule: [], runner, trigger: [], trigger_type: [], user };
        const wanted = query.types;
        return {
          body: wanted ? Object.fromEntries(Object.entries(all).filter(([name]) => wanted.includes(name))) : all,
        };
      },
    }),
    route({
      method: 'GET',
      path: `${path}/:id`,
      summary: 'One execution; the id may be last',
      query: {
        include_attributes: executionListQuery.include_attributes,
        exclude_attributes: executionListQuery.exclude_attributes,
        show_secrets: showSecrets,
        max_result_size: { kind: 'integer', description: 'leave out a result of more bytes than this' },
      },
      response: executionSchema,
      async handle({ path, query, requester }) {
        const attributes = parseAttributes(
          { include: query.include_attributes, exclude: query.exclude_attributes },
          executionAttributes,
        );
        const maxBytes = query.max_result_size;
        if (maxBytes !== undefined && (maxBytes < 1 || maxBytes > resultSizeMax)) {
          throw new Fault('invalid_input', `max_result_size: expected 1 to ${resultSizeMax} bytes, got ${maxBytes}`);
        }
        const wish = !attributes.has('result') ? 'none' : maxBytes === undefined ? 'whole' : { maxBytes };
        const id = await idOf(path, requester);
        const execution = await getExecution(context, id, wish);
        return { body: attributes.of(publish(execution, requester, query.show_secrets)) };
      },
    }),
    route({
      method: 'PUT',
      path: `${path}/:id`,
      summary: 'Change the status of an execution; the id may be last',
      query: { show_secrets: showSecrets },
      body: executionUpdateSchema,
      response: executionSchema,
      async handle({ path, body, query, requester }) {
        const wish = objectOf(body);
        const status = parseExecutionStatus(wish.status);
        if (wish.status !== undefined && !status)
          throw new Fault('invalid_input', `status: "${String(wish.status)}" is not a status of an execution`);
        const execution = await updateExecution(context, requester, await idOf(path, requester), {
          ...(status && { status }),
          ...(isObject(wish.result) && { result: wish.result }),
        });
        return { body: publish(execution, requester, query.show_secrets) };
      },
    }),
    route({
      method: 'DELETE',
      path: `${path}/:id`,
      summary: 'Cancel an execution; the id may be last',
      query: { show_secrets: showSecrets },
      response: executionSchema,
      async handle({ path, query, requester }) {
        const answer = await cancelExecution(context, requester, await idOf(path, requester));
        // 200 in both cases: the command line shows the faultstring where there is one.
        return {
          body:
            answer.kind === 'refused'
              ? { faultstring: answer.message }
              : publish(answer.execution, requester, query.show_secrets),
        };
      },
    }),
    route({
      method: 'POST',
      path: `${path}/:id/re_run`,
      summary: 'Run it again, with other parameters where given; the id may be last',
      query: { show_secrets: showSecrets },
      body: reRunSchema,
      response: executionSchema,
      async handle({ path, body, query, requester }) {
        const wish = objectOf(body);
        const execution = await reRunExecution(context, requester, await idOf(path, requester), {
          parameters: objectOf(wish.parameters),
          tasks: texts(wish.tasks),
          reset: texts(wish.reset),
          ...(typeof wish.user === 'string' && wish.user !== '' && { user: wish.user }),
          ...(typeof wish.delay === 'number' && { delay: wish.delay }),
        });
        return { status: 201, body: publish(execution, requester, query.show_secrets) };
      },
    }),
    route({
      method: 'POST',
      path: `${path}/:id/stdin`,
      summary: 'Send input to the program of a running, interactive execution; the id may be last',
      body: executionInputSchema,
      response: Type.Object({ bytes: Type.Integer({ description: 'that were taken' }) }),
      async handle({ path, body, requester }) {
        const wish = objectOf(body);
        const input = { data: typeof wish.data === 'string' ? wish.data : '', isEnd: wish.eof === true };
        return { body: { bytes: await sendInput(context, requester, await idOf(path, requester), input) } };
      },
    }),
    route({
      method: 'GET',
      path: `${path}/:id/children`,
      summary: 'All executions below one; the id may be last',
      query: {
        depth: { kind: 'integer', description: 'levels to go down; -1: all' },
        result_fmt: { kind: 'string', description: 'sorted: by start time' },
        include_attributes: executionListQuery.include_attributes,
        exclude_attributes: executionListQuery.exclude_attributes,
        show_secrets: showSecrets,
      },
      response: listSchema,
      async handle({ path, query, requester }) {
        const attributes = parseAttributes(
          { include: query.include_attributes, exclude: query.exclude_attributes },
          executionAttributes,
        );
        const { id } = await getExecution(context, await idOf(path, requester));
        const found = await descendants(context, id, query.depth ?? -1);
        const ordered = query.result_fmt === 'sorted' ? [...found].sort((a, b) => a.start_us - b.start_us) : found;
        return { body: ordered.map((execution) => attributes.of(publish(execution, requester, query.show_secrets))) };
      },
    }),
    route({
      method: 'GET',
      path: `${path}/:id/attribute/:name`,
      summary: 'One attribute of an execution, bare; the id may be last',
      async handle({ path, requester }) {
        const { name = '' } = path;
        if (!executionAttributes.excludable.includes(name)) {
          throw new Fault(
            'invalid_input',
            `Invalid attribute "${name}" specified. Valid attributes are: result, trigger_instance, status`,
          );
        }
        const published = publish(await getExecution(context, await idOf(path, requester), 'whole'), requester, false);
        return { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(published[name] ?? null) };
      },
    }),
    route({
      method: 'GET',
      path: `${path}/:id/result`,
      summary: 'The result alone; the id may be last',
      query: {
        download: { kind: 'boolean', description: 'as a file' },
        compress: { kind: 'boolean', description: 'gzip' },
        pretty_format: { kind: 'boolean', description: 'indented' },
      },
      async handle({ path, query, requester }) {
        const id = await idOf(path, requester);
        const execution = await getExecution(context, id, 'whole');
        if (!execution.result) throw new Fault('not_found', 'The resource could not be found.');
        const masked = publish(execution, requester, false).result ?? {};
        const text = query.pretty_format ? JSON.stringify(masked, null, 4) : JSON.stringify(masked);
        const name = `execution_${id}_result.json${query.compress ? '.gz' : ''}`;
        return {
          headers: {
            'Content-Type': query.compress ? 'application/x-gzip' : 'text/json',
            ...(query.compress && { 'Content-Encoding': 'gzip' }),
            ...(query.download && { 'Content-Disposition': `attachment; filename=${name}` }),
          },
          body: query.compress ? gzipSync(text) : text,
        };
      },
    }),
  ];
}

function requestedWaitMs(seconds = 0): number {
  if (seconds < 0 || seconds > waitSecondsMax)
    throw new Fault('invalid_input', `wait: expected 0 to ${waitSecondsMax} seconds, got ${seconds}`);
  return seconds * 1000;
}

function objectOf(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

/** Header `St2-Context`: a JSON object that is merged over the context of the request. */
function headerContext(header: string | readonly string[] | undefined): Record<string, unknown> {
  if (header === undefined || Array.isArray(header)) return {};
  let value: unknown;
  try {
    value = JSON.parse(String(header));
  } catch (error) {
    throw new Fault('invalid_input', `header St2-Context: expected a JSON object: ${String(error)}`, { cause: error });
  }
  if (!isObject(value)) throw new Fault('invalid_input', 'header St2-Context: expected a JSON object');
  return value;
}
