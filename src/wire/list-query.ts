/**
 * What every list understands (spec/api.md §5): paging, order, and which attributes of each record are sent. Pure:
 * query values in, decisions out; errors carry the texts that clients show. What is fetched is up to each list.
 */
import { Fault } from '../base/errors.ts';
import { isObject } from '../base/json.ts';

export interface Paging {
  /** How many records; -1 is all of them. */
  readonly limit: number;
  readonly offset: number;
}

export interface PagingRules {
  /** Applies where none was asked for; absent: the list is complete. */
  readonly defaultLimit?: number;
  /** More than this, or everything, is for admins. */
  readonly maxPageSize: number;
  readonly isAdmin: boolean;
}

/** Fails with `invalid_input`, or with `forbidden` where only an admin may ask for so much. */
export function parsePaging(
  wish: { readonly limit?: number | undefined; readonly offset?: number | undefined },
  rules: PagingRules,
): Paging {
  return { limit: parseLimit(wish.limit, rules), offset: parseOffset(wish.offset) };
}

function parseLimit(limit: number | undefined, { defaultLimit, maxPageSize, isAdmin }: PagingRules): number {
  if (limit === undefined) return defaultLimit ?? -1;
  if (limit === 0)
    throw new Fault('invalid_input', 'Limit, "0" specified, must be a positive number or -1 for full result set.');
  if (limit < -1) throw new Fault('invalid_input', `Limit, "${limit}" specified, must be a positive number.`);
  if (limit === -1 && !isAdmin)
    throw new Fault(
      'forbidden',
      'Administrator access required to be able to specify limit=-1 and retrieve all the records',
    );
  if (limit > maxPageSize && !isAdmin)
    throw new Fault('forbidden', `Limit "${limit}" specified, maximum value is "${maxPageSize}"`);
  return limit;
}

function parseOffset(offset = 0): number {
  if (offset >= 2 ** 31) throw new Fault('invalid_input', `Offset "${offset}" specified is more than 32-bit int`);
  if (offset < 0) throw new Fault('invalid_input', `Offset, "${offset}" specified, must be zero or a positive number.`);
  return offset;
}

/** `X-Total-Count` always, `X-Limit` where a limit applied. `total` counts all matches, not this page. */
export function pagingHeaders(paging: Paging, total: number): Record<string, string> {
  return {
    'X-Total-Count': String(total),
    ...(paging.limit === -1 ? {} : { 'X-Limit': String(paging.limit) }),
  };
}

/** The page of a list that is in memory whole. */
export function pageOf<T>(records: readonly T[], { limit, offset }: Paging): readonly T[] {
  return records.slice(offset, limit === -1 ? undefined : offset + limit);
}

export interface SortKey<K extends string = string> {
  readonly key: K;
  readonly descending: boolean;
}

/**
 * `a,-b,+c` → `[{a, ascending}, {b, descending}, {c, ascending}]`. Keys the list does not have are skipped, as in the
 * original. A `+` arrives as a space when the client did not escape it.
 */
export function parseSort<K extends string>(text: string | undefined, keys: readonly K[]): SortKey<K>[] {
  return (text ?? '').split(',').flatMap((item) => {
    const name = item.replace(/^[-+ ]/, '').trim();
    const key = keys.find((known) => known === name);
    return key === undefined ? [] : [{ key, descending: item.startsWith('-') }];
  });
}

/** A sorted copy; records that compare equal keep their order. Absent values come first. */
export function sortRecords<T>(records: readonly T[], sort: readonly SortKey[]): readonly T[] {
  if (sort.length === 0) return records;
  return [...records].sort((a, b) => {
    for (const { key, descending } of sort) {
      const order = compareText(fieldText(a, key), fieldText(b, key));
      if (order !== 0) return descending ? -order : order;
    }
    return 0;
  });
}

function fieldText(record: unknown, key: string): string {
  const value = isObject(record) ? record[key] : undefined;
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
}

/** By code unit, like the database: the same order on every machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export interface AttributeWish {
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
}

export interface AttributeRules {
  /** Top-level fields a record of this kind may have. */
  readonly fields: readonly string[];
  /** Sent whatever was asked for: `id`, and `ref` where there is one. */
  readonly always: readonly string[];
  readonly excludable: readonly string[];
  /** Sub-fields that come along when a field is narrowed: `{action: ['ref', …]}` for `action.name`. */
  readonly mandatory?: { readonly [field: string]: readonly string[] };
  /** What stands behind the colon for an unknown name; the name itself by default. */
  readonly describeUnknown?: (name: string) => string;
}

/** Which attributes to send. `has` tells what need not even be read. */
export interface AttributeSelection {
  has(field: string): boolean;
  of(record: object): Record<string, unknown>;
}

/** Checks names also where no record will be found. Fails with `invalid_input`. */
export function parseAttributes(wish: AttributeWish, rules: AttributeRules): AttributeSelection {
  const include = (wish.include ?? []).map((name) => name.trim()).filter((name) => name !== '');
  const exclude = (wish.exclude ?? []).map((name) => name.trim()).filter((name) => name !== '');
  if (include.length > 0 && exclude.length > 0)
    throw new Fault(
      'invalid_input',
      'exclude_fields and include_fields arguments are mutually exclusive. You need to provide either one or another, but not both.',
    );
  if (include.length > 0) return including(include, rules);
  for (const name of exclude)
    if (!rules.excludable.includes(name))
      throw new Fault('invalid_input', `Invalid or unsupported exclude attribute specified: ${name}`);
  return {
    has: (field) => !exclude.includes(field),
    of: (record) => Object.fromEntries(Object.entries(record).filter(([field]) => !exclude.includes(field))),
  };
}

/** One record with the attributes that were asked for: `(action, {include: ['name']}, rules)` → `{id, ref, name}`. */
export function selectAttributes(record: object, wish: AttributeWish, rules: AttributeRules): Record<string, unknown> {
  return parseAttributes(wish, rules).of(record);
}

function including(names: readonly string[], rules: AttributeRules): AttributeSelection {
  // Field → the sub-fields it is narrowed to; undefined: whole. A whole field wins over its parts.
  const wanted = new Map<string, Set<string> | undefined>(rules.always.map((field) => [field, undefined]));
  for (const name of names) {
    const [field = '', part] = name.split('.');
    if (!rules.fields.includes(field)) {
      const unknown = rules.describeUnknown?.(name) ?? name;
      throw new Fault('invalid_input', `Invalid or unsupported include attribute specified: ${unknown}`);
    }
    const parts = wanted.get(field);
    if (part === undefined || part === '') wanted.set(field, undefined);
    else if (parts) parts.add(part);
    else if (!wanted.has(field)) wanted.set(field, new Set([part, ...(rules.mandatory?.[field] ?? [])]));
  }
  return {
    has: (field) => wanted.has(field),
    of: (record) =>
      Object.fromEntries(
        Object.entries(record)
          .filter(([field]) => wanted.has(field))
          .map(([field, value]) => [field, narrowed(value, wanted.get(field))]),
      ),
  };
}

function narrowed(value: unknown, parts: ReadonlySet<string> | undefined): unknown {
  if (parts === undefined || !isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => parts.has(name)));
}
