/** The history's filter as the query of its address: `?status=failed&action=core.local&page=2`. */
import type { HistoryFilter } from '../server/executions.ts';
import { statusFromText } from '../show/execution-status.ts';

/** What cannot be read is left out. */
export function filterFromAddress(address: URLSearchParams): HistoryFilter {
  const page = Number(address.get('page'));
  return {
    status: statusFromText(address.get('status') ?? ''),
    action: address.get('action') || undefined,
    page: Number.isInteger(page) && page > 1 ? page : 1,
  };
}

export function filterToAddress({ status, action, page }: HistoryFilter): URLSearchParams {
  const address = new URLSearchParams();
  if (status !== undefined) address.set('status', status);
  if (action !== undefined) address.set('action', action);
  if (page > 1) address.set('page', String(page));
  return address;
}
