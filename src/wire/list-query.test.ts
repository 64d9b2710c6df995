import { describe, expect, test } from 'vitest';
import { Fault } from '../base/errors.ts';
import {
  pageOf,
  pagingHeaders,
  parseAttributes,
  parsePaging,
  parseSort,
  selectAttributes,
  sortRecords,
} from './list-query.ts';

const admin = { defaultLimit: 100, maxPageSize: 100, isAdmin: true };
const user = { ...admin, isAdmin: false };

function faultOf(fn: () => unknown): [string, string] {
  try {
    fn();
  } catch (error) {
    if (error instanceof Fault) return [error.code, error.message];
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('parsePaging()', () => {
  test('takes the default limit of the list, or everything where it has none', () => {
    expect(parsePaging({}, admin)).toEqual({ limit: 100, offset: 0 });
    expect(parsePaging({}, { maxPageSize: 100, isAdmin: false })).toEqual({ limit: -1, offset: 0 });
    expect(parsePaging({ limit: 7, offset: 3 }, user)).toEqual({ limit: 7, offset: 3 });
  });

  test('refuses limits and offsets with the texts that clients know', () => {
    expect(faultOf(() => parsePaging({ limit: 0 }, admin))).toEqual([
      'invalid_input',
      'Limit, "0" specified, must be a positive number or -1 for full result set.',
    ]);
    expect(faultOf(() => parsePaging({ limit: -5 }, admin))).toEqual([
      'invalid_input',
      'Limit, "-5" specified, must be a positive number.',
    ]);
    expect(faultOf(() => parsePaging({ offset: 99999999999 }, admin))).toEqual([
      'invalid_input',
      'Offset "99999999999" specified is more than 32-bit int',
    ]);
    expect(faultOf(() => parsePaging({ offset: -1 }, admin))[0]).toBe('invalid_input');
    expect(parsePaging({ offset: 2 ** 31 - 1 }, admin).offset).toBe(2 ** 31 - 1);
  });

  test('gives large pages and everything to admins only', () => {
    expect(parsePaging({ limit: -1 }, admin).limit).toBe(-1);
    expect(parsePaging({ limit: 1000 }, admin).limit).toBe(1000);
    expect(faultOf(() => parsePaging({ limit: 1000 }, user))).toEqual([
      'forbidden',
      'Limit "1000" specified, maximum value is "100"',
    ]);
    expect(faultOf(() => parsePaging({ limit: -1 }, user))).toEqual([
      'forbidden',
      'Administrator access required to be able to specify limit=-1 and retrieve all the records',
    ]);
  });
});

test('pagingHeaders() names the limit only where one applied', () => {
  expect(pagingHeaders({ limit: 50, offset: 0 }, 3)).toEqual({ 'X-Total-Count': '3', 'X-Limit': '50' });
  expect(pagingHeaders({ limit: -1, offset: 0 }, 3)).toEqual({ 'X-Total-Count': '3' });
});

test('pageOf() cuts the page out of a whole list', () => {
  expect(pageOf([1, 2, 3, 4], { limit: 2, offset: 1 })).toEqual([2, 3]);
  expect(pageOf([1, 2, 3, 4], { limit: -1, offset: 1 })).toEqual([2, 3, 4]);
  expect(pageOf([1, 2], { limit: 5, offset: 9 })).toEqual([]);
});

test('parseSort() keeps known keys with their direction and skips others', () => {
  expect(parseSort('-a,+b, c,zz', ['a', 'b', 'c'])).toEqual([
    { key: 'a', descending: true },
    { key: 'b', descending: false },
    { key: 'c', descending: false },
  ]);
  expect(parseSort(undefined, ['a'])).toEqual([]);
});

test('sortRecords() sorts by several keys and keeps the order of equals', () => {
  const records = [
    { pack: 'b', name: 'x', n: 1 },
    { pack: 'a', name: 'x', n: 2 },
    { pack: 'a', name: 'y', n: 3 },
  ];
  const order = (text: string) => sortRecords(records, parseSort(text, ['pack', 'name'])).map(({ n }) => n);
  expect(order('pack,-name')).toEqual([3, 2, 1]);
  expect(order('name')).toEqual([1, 2, 3]);
  expect(order('')).toEqual([1, 2, 3]);
});

describe('selectAttributes()', () => {
  const rules = {
    fields: ['id', 'ref', 'name', 'parameters', 'action'],
    always: ['id', 'ref'],
    excludable: ['parameters'],
    mandatory: { action: ['ref'] },
  };
  const record = { id: '1', ref: 'p.n', name: 'n', parameters: { a: 1 }, action: { ref: 'r', name: 'x', big: 1 } };

  test('sends what was asked for, and what is always sent', () => {
    expect(selectAttributes(record, { include: ['name', 'name'] }, rules)).toEqual({ id: '1', ref: 'p.n', name: 'n' });
    expect(selectAttributes(record, { include: ['action.name'] }, rules)).toEqual({
      id: '1',
      ref: 'p.n',
      action: { ref: 'r', name: 'x' },
    });
    expect(selectAttributes(record, {}, rules)).toEqual(record);
    expect(selectAttributes(record, { include: [''] }, rules)).toEqual(record);
  });

  test('a whole field wins over a part of it, in either order', () => {
    for (const include of [
      ['action', 'action.name'],
      ['action.name', 'action'],
    ])
      expect(selectAttributes(record, { include }, rules).action).toEqual(record.action);
  });

  test('a part of something that has no parts is sent whole', () => {
    expect(selectAttributes(record, { include: ['name.x'] }, rules).name).toBe('n');
    expect(selectAttributes(record, { include: ['ref.x'] }, rules).ref).toBe('p.n');
  });

  test('leaves out what was excluded', () => {
    expect(Object.keys(selectAttributes(record, { exclude: ['parameters'] }, rules))).not.toContain('parameters');
    expect(parseAttributes({ exclude: ['parameters'] }, rules).has('parameters')).toBe(false);
    expect(parseAttributes({ include: ['name'] }, rules).has('parameters')).toBe(false);
    expect(parseAttributes({}, rules).has('parameters')).toBe(true);
  });

  test('refuses unknown names with the texts that clients know', () => {
    expect(faultOf(() => selectAttributes(record, { include: ['bogus'] }, rules))[1]).toBe(
      'Invalid or unsupported include attribute specified: bogus',
    );
    const executionRules = { ...rules, describeUnknown: (name: string) => `Cannot resolve field "${name}"` };
    expect(faultOf(() => selectAttributes(record, { include: ['bogus'] }, executionRules))[1]).toBe(
      'Invalid or unsupported include attribute specified: Cannot resolve field "bogus"',
    );
    expect(faultOf(() => selectAttributes(record, { exclude: ['name'] }, rules))[1]).toBe(
      'Invalid or unsupported exclude attribute specified: name',
    );
    expect(faultOf(() => selectAttributes(record, { include: ['name'], exclude: ['parameters'] }, rules))[1]).toBe(
      'exclude_fields and include_fields arguments are mutually exclusive. You need to provide either one or another, but not both.',
    );
  });
});
