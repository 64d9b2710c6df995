import { expect, test } from 'vitest';
import { assert, BrokenInvariant, unreachable } from './assert.ts';

test('what holds passes, what does not breaks loudly with what was promised', () => {
  for (const value of [true, 1, 'x', {}]) expect(() => assert(value, 'holds')).not.toThrow();
  for (const value of [false, 0, '', null, undefined])
    expect(() => assert(value, 'the seq has no gap')).toThrow(new BrokenInvariant('the seq has no gap'));
});

test('a value that no case expects is named', () => {
  expect(() => unreachable({ kind: 'new' } as never)).toThrow('unexpected value {"kind":"new"}'); // as data from outside could be
});
