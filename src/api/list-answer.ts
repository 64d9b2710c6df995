/** Lists: the query parameters they share, and the answer made from records that are in memory whole. */
import {
  type AttributeRules,
  type PagingRules,
  type SortKey,
  pageOf,
  pagingHeaders,
  parseAttributes,
  parsePaging,
  sortRecords,
} from '../wire/list-query.ts';
import type { Answer, QuerySpec, QueryValues } from './route.ts';

export const pagingQuery = {
  limit: { kind: 'integer', description: 'how many records; -1 for all' },
  offset: { kind: 'integer', description: 'how many to skip' },
} as const satisfies QuerySpec;

export const attributeQuery = {
  include_attributes: { kind: 'array', description: 'only these attributes (and id, ref)' },
  exclude_attributes: { kind: 'array', description: 'all but these attributes' },
} as const satisfies QuerySpec;

export const sortQuery = {
  sort: { kind: 'string', description: 'attributes to sort by, `-` before one for descending' },
} as const satisfies QuerySpec;

type ListQuery = QueryValues<typeof pagingQuery> & Partial<QueryValues<typeof attributeQuery>>;

export interface ListRules {
  readonly paging: PagingRules;
  readonly attributes: AttributeRules;
  readonly sort?: readonly SortKey[];
}

/** `records` are all matches, in their default order. `publish` is called for the page only. */
export function listAnswer<T extends object>(
  records: readonly T[],
  query: ListQuery,
  rules: ListRules,
  publish: (record: T) => object = (record) => record,
): Answer {
  const paging = parsePaging(query, rules.paging);
  const selection = parseAttributes(
    { include: query.include_attributes, exclude: query.exclude_attributes },
    rules.attributes,
  );
  const page = pageOf(sortRecords(records, rules.sort ?? []), paging);
  return {
    headers: pagingHeaders(paging, records.length),
    body: page.map((record) => selection.of(publish(record))),
  };
}
