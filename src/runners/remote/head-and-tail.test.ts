import { expect, test } from 'vitest';
import { HeadAndTail } from './head-and-tail.ts';

function kept(bytesMax: number, pieces: readonly string[]) {
  const output = new HeadAndTail(bytesMax);
  for (const piece of pieces) output.add(Buffer.from(piece, 'latin1'));
  return output.text();
}

const latin = (text: string) => Buffer.from(text).toString('latin1');

test('what fits is kept whole, also where a piece ends inside a character', () => {
  const text = latin('größer\n');
  expect(kept(100, [text.slice(0, 3), text.slice(3)])).toEqual({ text: 'größer\n', cutBytes: 0 });
  expect(kept(4, ['abcd'])).toEqual({ text: 'abcd', cutBytes: 0 });
  expect(kept(4, [])).toEqual({ text: '', cutBytes: 0 });
});

test('of more, both ends are kept, and how much is missing is said', () => {
  const { text, cutBytes } = kept(10, ['abc', 'def', 'ghijkl', 'mnopqrstuv', 'w', 'xyz']);
  expect(text).toBe("abcde\n[16 of 26 bytes cut out here; the execution's output has them all]\nvwxyz");
  expect(cutBytes).toBe(16);
});

test('the cut splits no character', () => {
  const { text, cutBytes } = kept(10, [latin(`aaaaä${'-'.repeat(50)}äaaaa`)]);
  expect(text).toMatch(/^aaaa\n\[54 of 62 .*\]\naaaa$/);
  expect(cutBytes).toBe(54);
});

test('a flood in small pieces is right too', () => {
  const { text } = kept(
    8,
    Array.from({ length: 10_000 }, (_, at) => `${at},`),
  );
  expect(text).toMatch(/^0,1,\n\[.*\]\n999,$/);
});
