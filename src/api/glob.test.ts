import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { globMatcher } from './glob.ts';

describe('patterns of a shell', () => {
  test.each([
    ['*', 'anything at\nall', true],
    ['*', '', true],
    ['st2.*', 'st2xexecution', false],
    ['*__create', 'st2.execution__create', true],
    ['*__create', 'st2.execution__create__', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['*ab', 'aab', true],
    ['**a**', 'bab', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['?', '🦀', true],
    ['[ab]c', 'bc', true],
    ['[ab]c', 'cc', false],
    ['[!ab]c', 'cc', true],
    ['[!ab]c', 'ac', false],
    ['[!ab]', '', false],
    ['[a-c]', 'b', true],
    ['[a-c]', '-', false],
    ['[a-cx-z]', 'y', true],
    ['[!a-cx-z]', 'd', true],
    ['[a-]', '-', true],
    ['[-a]', '-', true],
    ['[^a]', '^', true],
    ['[^a]', 'b', false],
    ['[]a]', ']', true],
    ['[!]a]', ']', false],
    ['[!]a]', 'b', true],
    ['[!]', '[!]', true],
    ['[]', '[]', true],
    ['[', '[', true],
    ['[a', '[a', true],
    ['a]', 'a]', true],
    ['[\\w]', 'x', false],
    ['[\\w]', 'w', true],
    ['[z-a]', 'm', false],
    ['[!z-a]', 'm', true],
    ['(a|b)+$', '(a|b)+$', true],
    ['(a|b)', 'a', false],
    ['A', 'a', false],
    ['', '', true],
    ['', 'a', false],
  ])('%j of %j: %s', (glob, text, isMatch) => {
    expect(globMatcher(glob)(text)).toBe(isMatch);
  });

  test('what a plain, slow definition says', () => {
    const slow = (glob: string, text: string): boolean => {
      if (glob === '') return text === '';
      if (glob.startsWith('*')) return slow(glob.slice(1), text) || (text !== '' && slow(glob, text.slice(1)));
      return text !== '' && (glob[0] === '?' || glob[0] === text[0]) && slow(glob.slice(1), text.slice(1));
    };
    const short = (characters: string) =>
      fc.array(fc.constantFrom(...characters), { maxLength: 9 }).map((list) => list.join(''));
    fc.assert(
      fc.property(short('ab*?'), short('ab'), (glob, text) => {
        expect(globMatcher(glob)(text)).toBe(slow(glob, text));
      }),
      { numRuns: 2_000 },
    );
  });

  test('any text makes a pattern, and fits itself where it has no sets', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (glob, text) => {
        expect(typeof globMatcher(glob)(text)).toBe('boolean');
        if (!glob.includes('[')) expect(globMatcher(glob)(glob)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('patterns made to take for ever', () => {
  // Regular expressions need longer than the universe is old for the first of these.
  test.each([
    ['many stars', '*a'.repeat(5_000)],
    ['stars and no end', `${'a*'.repeat(5_000)}b`],
    ['one long piece', `*${'a'.repeat(900)}b`],
    ['question marks', `*${'?'.repeat(900)}b`],
    ['sets', `*${'[!b]'.repeat(900)}b`],
    ['one wide set', `*[${'b'.repeat(15_000)}]`],
    ['sets that never close', '['.repeat(16_000)],
    ['sets that close late', `${'['.repeat(16_000)}]`],
  ])('%s', (_name, glob) => {
    const startMs = performance.now();
    expect(globMatcher(glob)('a'.repeat(1_000))).toBe(false);
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });

  test('names longer than any sensible one match nothing', () => {
    expect(globMatcher('*')('a'.repeat(1_000))).toBe(true);
    expect(globMatcher('*')('a'.repeat(1_001))).toBe(false);
  });
});
