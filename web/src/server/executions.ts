/** Requests about executions, and the keys under which their answers are kept. */
import { keepPreviousData, type QueryClient, queryOptions } from '@tanstack/react-query';
import { send, sendForJson } from './request.ts';
import type { Execution, ExecutionStatus } from './types.ts';

/** Executions on one page of the history. */
export const pageSize = 50;
/** A larger result is left out of the execution and fetched on demand. */
const resultBytesMax = 102_400;

export interface HistoryFilter {
  readonly status: ExecutionStatus | undefined;
  /** An action's ref, whole. */
  readonly action: string | undefined;
  /** 1 is the newest. */
  readonly page: number;
}

export interface HistoryPageOfExecutions {
  /** Which page this is: it may still be shown while another one is on its way. */
  readonly page: number;
  readonly executions: readonly Execution[];
  readonly total: number;
}

const listed = [
  'id',
  'status',
  'action.ref',
  'action.name',
  'action.runner_type',
  'action.parameters',
  'parameters',
  'start_timestamp',
  'end_timestamp',
  'elapsed_seconds',
  'context.user',
  'rule.ref',
  'trigger_type.ref',
  'parent',
].join(',');

export function historyQuery(filter: HistoryFilter) {
  return queryOptions({
    queryKey: ['history', filter],
    queryFn: async ({ signal }): Promise<HistoryPageOfExecutions> => {
      const response = await send('api/v1/executions', {
        query: {
          parent: 'null',
          limit: pageSize,
          offset: (filter.page - 1) * pageSize || undefined,
          status: filter.status,
          action: filter.action,
          include_attributes: listed,
        },
        signal,
      });
      const executions = (await response.json()) as Execution[]; // the published list
      return {
        page: filter.page,
        executions,
        total: Number(response.headers.get('X-Total-Count') ?? executions.length),
      };
    },
    placeholderData: keepPreviousData,
  });
}

export function executionQuery(id: string) {
  return queryOptions({
    queryKey: ['execution', id],
    queryFn: ({ signal }) =>
      sendForJson<Execution>(`api/v1/executions/${encodeURIComponent(id)}`, {
        query: { max_result_size: resultBytesMax },
        signal,
      }),
  });
}

/** The whole result of an execution whose result was too large to come along. */
export async function fetchResult(id: string): Promise<unknown> {
  return sendForJson(`api/v1/executions/${encodeURIComponent(id)}/result`);
}

/** Takes in a newer state of an execution; events come without the result, which is then kept as it was. */
export function acceptExecution(queryClient: QueryClient, execution: Execution): void {
  queryClient.setQueryData(executionQuery(execution.id).queryKey, (old) =>
    old === undefined ? old : { ...old, ...execution },
  );
}

export interface RunRequest {
  readonly action: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export async function requestExecution({ action, parameters }: RunRequest): Promise<Execution> {
  return sendForJson('api/v1/executions', { method: 'POST', body: { action, parameters } });
}

/** Runs again with the old parameters, the given ones instead. Secret values stay on the server. */
export async function rerunExecution(
  id: string,
  parameters: Readonly<Record<string, unknown>> = {},
): Promise<Execution> {
  return sendForJson(`api/v1/executions/${encodeURIComponent(id)}/re_run`, { method: 'POST', body: { parameters } });
}

/** Asks for the end of an execution. The server says "too late" with 200 and a faultstring; that is thrown here. */
export async function cancelExecution(id: string): Promise<Execution> {
  const answer = await sendForJson<Execution & { faultstring?: string }>(
    `api/v1/executions/${encodeURIComponent(id)}`,
    {
      method: 'DELETE',
    },
  );
  if (answer.faultstring !== undefined) throw new Error(answer.faultstring);
  return answer;
}

/** Text for the standard input of a running execution, or its end. */
export async function sendInput(
  id: string,
  input: { readonly data: string } | { readonly eof: true },
): Promise<{ readonly bytes: number }> {
  return sendForJson(`api/v1/executions/${encodeURIComponent(id)}/stdin`, { method: 'POST', body: input });
}
