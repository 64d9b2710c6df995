import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bytesAfter,
  countLines,
  denseAboveLines,
  eachRecord,
  incompleteTail,
  lastSeq,
  measure,
  type OutputSegment,
  pieceBytesMax,
  visibleLength,
} from './output-segment.ts';

function segmentOf(bytes: Buffer, firstSeq = 1, lostBytes = 0): OutputSegment {
  return { type: 'stdout', firstSeq, timeUs: 0, lostBytes, offset: 0, bytes, ...measure(bytes) };
}

function recordsOf(segment: OutputSegment, afterSeq = 0): { seq: number; data: string }[] {
  const records: { seq: number; data: string }[] = [];
  eachRecord(segment, afterSeq, (seq, data) => records.push({ seq, data }));
  return records;
}

function text(records: readonly { data: string }[]): string {
  return records.map((record) => record.data).join('');
}

/** Every form of output that behaves differently: text of any script, bytes that are no text, long lines, many lines. */
const anyBytes = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }).map((value) => Buffer.from(value)) },
      { weight: 3, arbitrary: fc.uint8Array({ maxLength: 12 }).map((value) => Buffer.from(value)) },
      { weight: 3, arbitrary: fc.constantFrom('\n', '\r', '\r\n', '✓', '𝄞\n', '').map((value) => Buffer.from(value)) },
      // Around the border of a piece, in characters of every length.
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.constantFrom('x', 'ü', '✓', '𝄞', '\n'), fc.integer({ min: -5, max: 5 }), fc.constantFrom(1, 2, 3))
          .map(([unit, off, pieces]) =>
            Buffer.from(unit.repeat(Math.ceil((pieces * pieceBytesMax) / Buffer.byteLength(unit)) + off)),
          ),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.constantFrom('\n', 'a\n', 'ü\r\n'), fc.integer({ min: -2, max: 2 }))
          .map(([line, off]) => Buffer.from(line.repeat(denseAboveLines + off))),
      },
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.concat(parts));

describe('records of a segment', () => {
  test('whatever the bytes and however they are read, the records together are the text', () => {
    const reads = fc.array(fc.record({ share: fc.double({ min: 0, max: 1, noNaN: true }), waited: fc.boolean() }), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(anyBytes, reads, (bytes, cuts) => {
        const ends = [...cuts].sort((a, b) => a.share - b.share);
        let shown = 0;
        let seq = 0;
        let all = '';
        const show = (end: number) => {
          if (end === shown) return;
          const segment = segmentOf(bytes.subarray(shown, end), seq + 1);
          shown = end;
          seq = lastSeq(segment);
          all += text(recordsOf(segment));
        };
        for (const { share, waited } of ends) {
          const unseen = bytes.subarray(shown, Math.round(share * bytes.length));
          show(shown + visibleLength(unseen, waited));
        }
        show(bytes.length);
        expect(all === bytes.toString('utf8')).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('measure() counts what eachRecord() gives, seqs have no gap, records are bounded', () => {
    fc.assert(
      fc.property(anyBytes, fc.integer({ min: 1, max: 1e12 }), (bytes, firstSeq) => {
        const segment = segmentOf(bytes, firstSeq);
        const records = recordsOf(segment, firstSeq - 1);
        expect(records.length).toBe(segment.records);
        expect(records.every(({ seq }, at) => seq === firstSeq + at)).toBe(true);
        if (records.length > 0) expect(lastSeq(segment)).toBe(records.at(-1)?.seq);
        const lines = bytes.reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 0);
        expect([segment.lines, countLines(bytes)]).toEqual([lines, lines]);
        expect(segment.isDense).toBe(lines > denseAboveLines);
        // The length of a record in bytes is what it takes away from the bytes after it; decoding may make it longer.
        const few = records.length <= 50 ? records : [...records.slice(0, 20), ...records.slice(-20)];
        for (const { seq, data } of few) {
          const length = bytesAfter(segment, seq - 1).length - bytesAfter(segment, seq).length;
          expect(length).toBeGreaterThan(0);
          expect(length).toBeLessThanOrEqual(pieceBytesMax);
          if (!segment.isDense) expect(data.slice(0, -1)).not.toContain('\n');
        }
      }),
      { numRuns: 200 },
    );
  });

  test('after any cursor, bytesAfter() and eachRecord() give the same', () => {
    fc.assert(
      fc.property(
        anyBytes,
        fc.integer({ min: 1, max: 1000 }),
        fc.double({ min: -0.2, max: 1.2, noNaN: true }),
        (bytes, firstSeq, share) => {
          const segment = segmentOf(bytes, firstSeq);
          const afterSeq = Math.max(0, firstSeq - 1 + Math.round(share * segment.records));
          const records = recordsOf(segment, afterSeq);
          expect(records.every(({ seq }) => seq > afterSeq)).toBe(true);
          expect(records.length).toBe(Math.max(0, Math.min(segment.records, lastSeq(segment) - afterSeq)));
          expect(text(records) === bytesAfter(segment, afterSeq).toString('utf8')).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('many lines become pieces that end with a line', () => {
    const line = `${'x'.repeat(99)}\n`;
    const segment = segmentOf(Buffer.from(line.repeat(10_000)));
    expect(segment).toMatchObject({ isDense: true, lines: 10_000 });
    const records = recordsOf(segment);
    expect(records).toHaveLength(Math.ceil(10_000 / Math.floor(pieceBytesMax / 100)));
    for (const { data } of records) expect(data.endsWith('\n')).toBe(true);
  });

  test('a long line is cut between characters', () => {
    const segment = segmentOf(Buffer.from(`x${'✓'.repeat(pieceBytesMax)}\n`));
    const records = recordsOf(segment);
    expect(records).toHaveLength(4);
    expect(records.some(({ data }) => data.includes('\ufffd'))).toBe(false);
  });

  test('a mark of lost output is one record without text, after its cursor none', () => {
    const segment: OutputSegment = { ...segmentOf(Buffer.alloc(0), 5, -1), records: 1 };
    expect(recordsOf(segment, 4)).toEqual([{ seq: 5, data: '' }]);
    expect(recordsOf(segment, 5)).toEqual([]);
    expect(bytesAfter(segment, 0)).toHaveLength(0);
  });
});

describe('incompleteTail()', () => {
  test('of text cut anywhere, it is what was cut off from the last whole character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), fc.nat(80), (value, cut) => {
        const bytes = Buffer.from(value).subarray(0, cut);
        let whole = 0;
        for (const character of value) {
          if (whole + Buffer.byteLength(character) > bytes.length) break;
          whole += Buffer.byteLength(character);
        }
        expect(incompleteTail(bytes)).toBe(bytes.length - whole);
      }),
      { numRuns: 1_000 },
    );
  });

  test('holding a tail back changes nothing in how any bytes are read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), fc.uint8Array({ maxLength: 6 }), (before, after) => {
        const tail = incompleteTail(before);
        const front = Buffer.from(before).subarray(0, before.length - tail);
        const rest = Buffer.concat([Buffer.from(before).subarray(before.length - tail), after]);
        expect(front.toString('utf8') + rest.toString('utf8')).toBe(Buffer.concat([before, after]).toString('utf8'));
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['empty', [], 0],
    ['ASCII', [0x41], 0],
    ['half of two', [0x41, 0xc3], 1],
    ['one of three', [0xe2], 1],
    ['two of three', [0xe2, 0x9c], 2],
    ['three of three', [0xe2, 0x9c, 0x93], 0],
    ['three of four', [0xf0, 0x9d, 0x84], 3],
    ['never a beginning: c0, c1, f5', [0xc0], 0],
    ['never a beginning: f5', [0xf5], 0],
    ['only followers', [0x80, 0x80, 0x80, 0x80], 0],
    ['a follower too many', [0xc3, 0xa9, 0x80], 0],
  ])('%s', (_name, bytes, tail) => {
    expect(incompleteTail(Buffer.from(bytes))).toBe(tail);
  });
});

describe('visibleLength()', () => {
  test.each([
    ['nothing of an unfinished line', 'abc', false, 0],
    ['an unfinished line that has waited', 'abc', true, 3],
    ['whole lines', 'a\nbc', false, 2],
    ['a line that rewrites itself', '10%\r20%\r30%', false, 8],
    ['not a return that may belong to a line end', 'abc\r', false, 0],
    ['a return at the end that has waited', 'abc\r', true, 4],
    ['a whole line with a return', 'abc\r\n', false, 5],
    ['what follows a return', 'abc\rd', false, 4],
    ['half a character waits even then', Buffer.from([0x61, 0xe2, 0x9c]), true, 1],
  ])('%s', (_name, input, flushPartial, length) => {
    expect(visibleLength(Buffer.from(input), flushPartial)).toBe(length);
  });
});
