import { describe, expect, it } from 'vitest';
import { dumpYaml } from './yaml.ts';

/** Expected texts were written by PyYAML 6: safe_dump(value, default_flow_style=False, indent=…, width=…, allow_unicode=True). */
const cases: readonly (readonly [name: string, value: unknown, indent: number, width: number, text: string])[] = [
  ['nested records', { b: { c: [1, { d: null }] }, a: [] }, 4, 80, 'a: []\nb:\n    c:\n    - 1\n    -   d: null\n'],
  ['lists of lists', [['x', ['y']], {}], 2, 80, '- - x\n  - - y\n- {}\n'],
  [
    'what would be read as something else',
    ['yes', 'null', '1', '1.5', '0x1f', '2026-01-01', '12:30', '=', '<<', '~', ''],
    2,
    80,
    "- 'yes'\n- 'null'\n- '1'\n- '1.5'\n- '0x1f'\n- '2026-01-01'\n- '12:30'\n- '='\n- '<<'\n- '~'\n- ''\n",
  ],
  [
    'what is only text',
    ['1.2.3', 'a:b', 'a #b', 'a#b', '-x', '- x', '?', 'é', '日本', "it's", "it's: x"],
    2,
    80,
    "- 1.2.3\n- a:b\n- 'a #b'\n- a#b\n- -x\n- '- x'\n- '?'\n- é\n- 日本\n- it's\n- 'it''s: x'\n",
  ],
  ['several lines', { a: 'one\ntwo\n\nthree\n' }, 2, 80, "a: 'one\n\n  two\n\n\n  three\n\n  '\n"],
  [
    'control characters',
    ['\x1b[31mred', 'a\tb', 'a \nb', '\\'],
    2,
    80,
    '- "\\e[31mred"\n- "a\\tb"\n- "a \\nb"\n- \\\n',
  ],
  [
    'a long text is folded',
    { text: `${'word '.repeat(18)}end` },
    4,
    80,
    `text: ${'word '.repeat(15)}word\n    word word end\n`,
  ],
  [
    'never without a width',
    { text: `${'word '.repeat(18)}end` },
    2,
    Number.POSITIVE_INFINITY,
    `text: ${'word '.repeat(18)}end\n`,
  ],
  [
    'a quoted long text is folded',
    { text: `: ${'word '.repeat(17)}end` },
    4,
    80,
    `text: ': ${'word '.repeat(14)}word\n    word word end'\n`,
  ],
  [
    'escapes are folded with a backslash',
    ['\t'.repeat(45)],
    2,
    80,
    `- "${'\\t'.repeat(40)}\\\n  ${'\\t'.repeat(5)}"\n`,
  ],
  ['keys that need the long form', { '': 1, 'a\nb': { c: 1 } }, 2, 80, "? ''\n: 1\n? 'a\n\n  b'\n: c: 1\n"],
  [
    'numbers',
    [0, -5, 1.5, 1e-7, 1e300, 12345678901],
    2,
    80,
    '- 0\n- -5\n- 1.5\n- 1.0e-07\n- 1.0e+300\n- 12345678901\n',
  ],
  ['a bare value', 'text', 4, 80, 'text\n...\n'],
];

describe('YAML as PyYAML writes it', () => {
  it.each(cases)('%s', (_name, value, indent, width, text) => {
    expect(dumpYaml(value, { indent, width })).toBe(text);
  });
});
