import { expect, test } from 'vitest';
import { type ErrorCode, errorTable, Fault, isFault, messageOf, systemCode } from './errors.ts';

test('a fault carries its code, kind, details and cause', () => {
  const cause = new Error('disk');
  const fault = new Fault('storage_full', 'no room', { details: { path: '/x' }, cause });
  expect(fault).toBeInstanceOf(Error);
  expect(fault).toMatchObject({ name: 'Fault', code: 'storage_full', kind: 'world', details: { path: '/x' }, cause });
  expect(new Fault('not_found', 'x')).toMatchObject({ kind: 'caller', details: {} });
  expect(new Fault('not_found', 'x')).not.toHaveProperty('cause');
});

test('faults are told from other errors, and from one another by code', () => {
  const fault: unknown = new Fault('busy', 'x');
  expect([isFault(fault), isFault(fault, 'busy'), isFault(fault, 'conflict')]).toEqual([true, true, false]);
  for (const other of [new Error('x'), { code: 'busy' }, undefined, 'busy']) expect(isFault(other)).toBe(false);
});

test('every row says when it happens, in a form that reads on after "when"', () => {
  for (const code of Object.keys(errorTable) as ErrorCode[]) {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(errorTable[code].when).toMatch(/^[a-zA-Z].+[^.]$/);
  }
});

test('anything thrown has a text, and system errors a code', () => {
  expect([messageOf(new Error('x')), messageOf('y'), messageOf(undefined)]).toEqual(['x', 'y', 'undefined']);
  expect(systemCode(Object.assign(new Error('x'), { code: 'ENOSPC' }))).toBe('ENOSPC');
  for (const other of [new Error('x'), { code: 5 }, null, 'ENOSPC', undefined])
    expect(systemCode(other)).toBeUndefined();
});
