import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineAssembler } from './line-assembler.ts';
import { OutputBuffer } from './output-buffer.ts';
import { OutputRows } from './output-rows.ts';

test('OutputRows followed step by step shows what new rows over the final buffer show', () => {
  const piece = fc.record({
    type: fc.constantFrom('stdout', 'stderr'),
    data: fc.constantFrom('a', 'bb\n', '\n', '\rc', 'dddddddd\ne', 'long line of text\n'),
    isSeen: fc.boolean(),
  });
  const view = fc.constantFrom<[ConstructorParameters<typeof OutputRows>[0], number | undefined][]>(
    ['all', undefined],
    ['all', 5],
    ['stdout', 5],
    ['stderr', undefined],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 120 }), view, (pieces, [filter, columns]) => {
      const buffer = new OutputBuffer({ linesMax: 20, charsMax: 150, dropLines: 4 });
      const assembler = new LineAssembler(buffer);
      const rows = new OutputRows(filter, columns);
      const source = () => {
        assembler.flush();
        return { lines: buffer.lines, dropped: buffer.dropped, unsettledFrom: assembler.unsettledFrom };
      };
      pieces.forEach(({ type, data, isSeen }, index) => {
        assembler.push({ seq: index + 1, output_type: type, timestamp: '', data });
        if (!isSeen) return;
        const before = rows.layout.total;
        const gone = rows.update(source());
        expect(gone).toBeLessThanOrEqual(before);
      });
      rows.update(source());
      const fresh = new OutputRows(filter, columns);
      fresh.update(source());
      expect(rows.all).toEqual(fresh.all);
      expect(rows.layout.total).toBe(fresh.layout.total);
      for (let row = 0; row <= rows.length; row++) expect(rows.layout.top(row)).toBe(fresh.layout.top(row));
    }),
    { numRuns: 500 },
  );
});

test('rowFrom() finds a line by its number, or the next one that is shown', () => {
  const buffer = new OutputBuffer();
  const assembler = new LineAssembler(buffer);
  ['stdout', 'stderr', 'stdout', 'stderr'].forEach((type, index) => {
    assembler.push({ seq: index + 1, output_type: type, timestamp: '', data: 'x\n' });
  });
  const rows = new OutputRows('stderr', undefined);
  rows.update({ lines: buffer.lines, dropped: 0, unsettledFrom: 5 });
  expect([1, 2, 3, 4, 5].map((number) => rows.rowFrom(number))).toEqual([0, 0, 1, 1, 2]);
});
