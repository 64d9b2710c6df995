import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wrapText } from './text-wrap.ts';

/** Expected lines were given by Python's textwrap.wrap(text, width). */
const cases: readonly (readonly [text: string, width: number, lines: string[]])[] = [
  [
    'Action that executes an arbitrary Linux command on the localhost.',
    40,
    ['Action that executes an arbitrary Linux', 'command on the localhost.'],
  ],
  ['core.0e7a2b60-0000-4000-8000-000000000000', 30, ['core.0e7a2b60-0000-4000-8000-', '000000000000']],
  ['core.st2.IntervalTimer', 15, ['core.st2.Interv', 'alTimer']],
  ['2026-01-01T12:00:00.000000Z', 18, ['2026-01-', '01T12:00:00.000000', 'Z']],
  ['well-known --foo-bar x--y', 6, ['well-', 'known', '--foo-', 'bar x', '--y']],
  ['  led by blanks', 6, ['  led', 'by', 'blanks']],
  ['', 5, []],
];

describe('wrapText()', () => {
  it.each(cases)('%j at %i', (text, width, lines) => {
    expect(wrapText(text, width)).toEqual(lines);
  });

  it('loses nothing but blanks, and no line is too long', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b', ' ', '-', '.', '1', 'é') }),
        fc.integer({ min: 1, max: 12 }),
        (text, width) => {
          const lines = wrapText(text, width);
          expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
          for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
        },
      ),
    );
  });
});
