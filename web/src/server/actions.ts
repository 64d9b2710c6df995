/** Requests about actions, and the keys under which their answers are kept. */
import { queryOptions } from '@tanstack/react-query';
import { sendForJson } from './request.ts';
import type { Action, ActionSummary } from './types.ts';

export const actionsQuery = queryOptions({
  queryKey: ['actions'],
  queryFn: ({ signal }) =>
    sendForJson<ActionSummary[]>('api/v1/actions', {
      query: { include_attributes: 'ref,pack,name,description,runner_type,enabled' },
      signal,
    }),
  staleTime: 15_000,
});

/** The action with its runner's parameters merged in: everything that can be given when it is run. */
export function actionOverviewQuery(ref: string) {
  return queryOptions({
    queryKey: ['action-overview', ref],
    queryFn: ({ signal }) =>
      sendForJson<Action>(`api/v1/actions/views/overview/${encodeURIComponent(ref)}`, { signal }),
    staleTime: 15_000,
  });
}

/** The action alone: tells which of the merged parameters are its own. */
export function actionQuery(ref: string) {
  return queryOptions({
    queryKey: ['action', ref],
    queryFn: ({ signal }) => sendForJson<Action>(`api/v1/actions/${encodeURIComponent(ref)}`, { signal }),
    staleTime: 15_000,
  });
}
