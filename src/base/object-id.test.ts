import { expect, test } from 'vitest';
import { isObjectId, objectIds } from './object-id.ts';

const random = () => Buffer.from('a1b2c3d4e5fffffd', 'hex');

test('an id says its second, its process and a counter', () => {
  const newId = objectIds(() => 1_700_000_000_999_999, random);
  expect([newId(), newId()]).toEqual(['6553f100a1b2c3d4e5fffffe', '6553f100a1b2c3d4e5ffffff']);
});

test('ids of one process sort in the order they were made, whatever clock and counter do', () => {
  let nowUs = 1_700_000_000_000_000;
  const newId = objectIds(() => nowUs, random);
  const ids: string[] = [];
  for (const stepUs of [0, 0, 0, 0, -5_000_000, 0, 1_000_000, -90_000_000, 3_000_000_000]) {
    nowUs += stepUs;
    ids.push(newId(), newId());
  }
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(isObjectId(id)).toBe(true);
});

test('ids of two processes differ within the same second', () => {
  const [one, two] = [objectIds(() => 5e15), objectIds(() => 5e15)];
  expect(one().slice(8, 18)).not.toBe(two().slice(8, 18));
});

test('only 24 small hexadecimal digits are an id', () => {
  expect(isObjectId('0123456789abcdef01234567')).toBe(true);
  for (const text of [
    '',
    '0123456789abcdef0123456',
    '0123456789abcdef012345678',
    '0123456789ABCDEF01234567',
    '0123456789abcdef0123456g',
    '0123456789abcdef01234567\n',
  ])
    expect(isObjectId(text)).toBe(false);
});
