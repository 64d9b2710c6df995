import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RowLayout, wrappedLines } from './row-layout.ts';

type Step =
  | { readonly kind: 'append'; readonly heights: readonly number[] }
  | { readonly kind: 'set'; readonly at: number; readonly height: number }
  | { readonly kind: 'drop' | 'truncate'; readonly at: number };

test('RowLayout says the same as adding up a plain list, after any changes', () => {
  const height = fc.integer({ min: 1, max: 9 });
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({
      kind: fc.constant('append' as const),
      heights: fc.array(height, { minLength: 1, maxLength: 1500, size: 'max' }),
    }),
    fc.record({ kind: fc.constant('set' as const), at: fc.double({ min: 0, max: 0.999, noNaN: true }), height }),
    fc.record({
      kind: fc.constantFrom('drop' as const, 'truncate' as const),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  );
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 8 }),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
      (steps, probes) => {
        const layout = new RowLayout();
        let plain: number[] = [];
        const sum = (heights: readonly number[]) => heights.reduce((a, b) => a + b, 0);
        for (const change of steps) {
          if (change.kind === 'append') {
            for (const added of change.heights) layout.append(added);
            plain = [...plain, ...change.heights];
            continue;
          }
          const row = Math.floor(change.at * plain.length);
          if (change.kind === 'set') {
            if (plain.length === 0) continue;
            expect(layout.set(row, change.height)).toBe(change.height - (plain[row] ?? 0));
            plain[row] = change.height;
          } else if (change.kind === 'drop') {
            expect(layout.dropFirst(row)).toBe(sum(plain.slice(0, row)));
            plain = plain.slice(row);
          } else {
            layout.truncate(row);
            plain = plain.slice(0, row);
          }
        }
        expect([layout.length, layout.total]).toEqual([plain.length, sum(plain)]);
        for (const probe of probes) {
          const row = Math.floor(probe * plain.length);
          expect(layout.top(row)).toBe(sum(plain.slice(0, row)));
          if (plain.length > 0) {
            const found = layout.rowAt(probe * (layout.total - 0.5));
            expect(layout.top(found)).toBeLessThanOrEqual(probe * (layout.total - 0.5));
            expect(layout.top(found + 1)).toBeGreaterThan(probe * (layout.total - 0.5));
          }
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('rowAt() outside the list gives the nearest row', () => {
  const layout = new RowLayout();
  expect(layout.rowAt(5)).toBe(0);
  layout.append(2);
  layout.append(1);
  expect([layout.rowAt(-1), layout.rowAt(1.9), layout.rowAt(2), layout.rowAt(99)]).toEqual([0, 0, 1, 1]);
});

test('wrappedLines() counts an empty line as one', () => {
  expect([0, 1, 80, 81, 160, 161].map((length) => wrappedLines(length, 80))).toEqual([1, 1, 1, 2, 2, 3]);
});
