import { expect, test } from 'vitest';
import { isObjectId, objectIds } from '../../base/object-id.ts';
import { outputRecordId } from './output-record.ts';

const newId = objectIds(
  () => 1_700_000_000_000_000,
  () => Buffer.from('0123456789abcdef', 'hex'),
);

test('the id of a record is an object id, the same at every reading', () => {
  const execution = newId();
  const id = outputRecordId(execution, 1);
  expect(isObjectId(id)).toBe(true);
  expect(outputRecordId(execution, 1)).toBe(id);
  // The second in which the execution was made, where tools look for the age of an id.
  expect(id.slice(0, 8)).toBe(execution.slice(0, 8));
});

test('ids tell records of one execution apart, and sort like their seq', () => {
  const execution = newId();
  const seqs = [1, 2, 9, 10, 255, 256, 65_536, 0xffff_ffff];
  const ids = seqs.map((seq) => outputRecordId(execution, seq));
  expect(new Set(ids).size).toBe(seqs.length);
  expect([...ids].sort()).toEqual(ids);
  for (const id of ids) expect(isObjectId(id)).toBe(true);
});

test('ids tell apart records of executions made one after the other', () => {
  const ids = Array.from({ length: 2_000 }, newId).map((execution) => outputRecordId(execution, 1));
  expect(new Set(ids).size).toBe(ids.length);
});
