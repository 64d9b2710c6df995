/** The query string of `GET /executions` as what the store is asked for (spec/api.md §5). */
import { Fault } from '../base/errors.ts';
import { parseTimestamp } from '../base/timestamp.ts';
import { type ExecutionQuery, executionSortKeys } from '../core/model/execution-query.ts';
import { type Paging, parseSort } from '../wire/list-query.ts';
import type { QuerySpec, QueryValues } from './route.ts';

const text = (description: string) => ({ kind: 'string', description }) as const;

export const executionListQuery = {
  action: text('reference of the action'),
  status: text('one status'),
  parent: text('execution id; null: top-level only'),
  runner: text('name of the runner type'),
  user: text('who requested it'),
  liveaction: text('id of the live action'),
  rule: text('name of the rule'),
  trigger: text('name of the trigger'),
  trigger_type: text('name of the trigger type'),
  trigger_instance: text('id'),
  timestamp: text('start time, or a..b'),
  timestamp_gt: text('started after'),
  timestamp_lt: text('started before'),
  id: text('one id, or a comma list'),
  filter: text('path:value pairs, separated by spaces'),
  limit: { kind: 'integer', description: 'page size, 100 by default; -1: all' },
  offset: { kind: 'integer', description: 'records to skip' },
  sort: text('comma list of keys, - for descending'),
  sort_asc: text('oldest first'),
  sort_desc: text('newest first'),
  include_attributes: { kind: 'array', description: 'only these fields' },
  exclude_attributes: { kind: 'array', description: 'not these: result, trigger_instance, status' },
  show_secrets: { kind: 'boolean', description: 'plain values, for admins' },
} as const satisfies QuerySpec;

/** Ids in one request; a longer list is a mistake or an attack. */
const idsMax = 100;

export function executionQuery(
  values: QueryValues<typeof executionListQuery>,
  paging: Paging,
  withResult: boolean,
): ExecutionQuery {
  const after = moment('timestamp_gt', values.timestamp_gt);
  const before = moment('timestamp_lt', values.timestamp_lt);
  const range = timeRange(values.timestamp);
  const ids = values.id?.split(',').map((id) => id.trim());
  if (ids && ids.length > idsMax)
    throw new Fault('invalid_input', `id: at most ${idsMax} ids can be asked for at once, got ${ids.length}`);
  return {
    ...definedTexts({
      status: values.status,
      action: values.action,
      runner: values.runner,
      user: values.user,
      liveaction: values.liveaction,
    }),
    ...definedOrNull({
      parent: values.parent,
      rule: values.rule,
      trigger: values.trigger,
      triggerType: values.trigger_type,
      triggerInstance: values.trigger_instance,
    }),
    ...(ids && { ids }),
    ...(after !== undefined && { startAfterUs: after }),
    ...(before !== undefined && { startBeforeUs: before }),
    ...(range && { startRangeUs: range }),
    ...(values.filter !== undefined && { paths: searchPaths(values.filter) }),
    sort: order(values),
    limit: paging.limit,
    offset: paging.offset,
    withResult,
  };
}

/** Newest first, unless a sort, `sort_asc`, or a lone lower bound says otherwise. */
function order(values: QueryValues<typeof executionListQuery>): ExecutionQuery['sort'] {
  const asked = parseSort(values.sort?.replaceAll('action.ref', 'action'), executionSortKeys);
  if (asked.length > 0) return asked;
  const isAscending =
    values.sort_desc === undefined &&
    (values.sort_asc !== undefined || (values.timestamp_gt !== undefined && values.timestamp_lt === undefined));
  return [{ key: 'start_timestamp', descending: !isAscending }];
}

function moment(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const us = parseTimestamp(value);
  if (us === undefined)
    throw new Fault(
      'invalid_input',
      `Datetime value does not match expected format. (${name}: "${value}"; expected 2026-01-31T12:00:00.000000Z)`,
    );
  return us;
}

function timeRange(value: string | undefined): readonly [number, number] | undefined {
  if (value === undefined) return undefined;
  const [from, to = from] = value.split('..');
  return [moment('timestamp', from) ?? 0, moment('timestamp', to) ?? 0];
}

function searchPaths(filter: string): NonNullable<ExecutionQuery['paths']> {
  return filter
    .split(' ')
    .filter((token) => token !== '')
    .map((token) => {
      const [path, ...rest] = token.split(':');
      if (!path || rest.length === 0) throw new Fault('invalid_input', `invalid format for filter "${token}"`);
      if (!searchable.test(path)) throw new Fault('invalid_input', `Cannot resolve field "${path}"`);
      return { path, value: rest.join(':') };
    });
}

const searchable = /^(id|status|parent|action\.ref|runner\.name|liveaction\.(id|action)|(context|parameters)(\.\w+)+)$/;

function definedTexts<K extends string>(values: Record<K, string | undefined>): Partial<Record<K, string>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<
    Record<K, string>
  >; // undefined ones are gone
}

/** `null`, in any case, asks for records that lack the field. */
function definedOrNull<K extends string>(values: Record<K, string | undefined>): Partial<Record<K, string | null>> {
  const entries = Object.entries<string | undefined>(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, value?.toLowerCase() === 'null' ? null : value]),
  ) as Partial<Record<K, string | null>>; // likewise
}
