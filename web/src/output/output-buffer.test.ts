import { describe, expect, test } from 'vitest';
import type { OutputLine } from './line-assembler.ts';
import { OutputBuffer } from './output-buffer.ts';

function line(number: number, text: string): OutputLine {
  return { kind: 'text', number, seq: number, timestamp: '', type: 'stdout', text, runs: [], cutChars: 0 };
}

function filled(count: number, text = 'x', limits = { linesMax: 100, charsMax: 1000, dropLines: 10 }): OutputBuffer {
  const buffer = new OutputBuffer(limits);
  for (let number = 1; number <= count; number++) buffer.append(line(number, text));
  return buffer;
}

describe('OutputBuffer', () => {
  test('keeps the newest lines and counts the dropped ones', () => {
    const buffer = filled(1234);
    expect(buffer.lines.length).toBeGreaterThanOrEqual(100);
    expect(buffer.lines.length).toBeLessThan(110);
    expect(buffer.lines[0]?.number).toBe(buffer.dropped + 1);
    expect(buffer.lines.at(-1)?.number).toBe(1234);
  });

  test('long lines are dropped by their length', () => {
    const buffer = filled(50, 'x'.repeat(100));
    expect(buffer.lines.length).toBeLessThanOrEqual(10);
    expect(buffer.lines.at(-1)?.number).toBe(50);
    expect(buffer.dropped + buffer.lines.length).toBe(50);
  });

  test('one line larger than the bound is kept', () => {
    expect(filled(1, 'x'.repeat(5000)).lines.length).toBe(1);
  });

  test('replace() changes a line in place, also after others were dropped, and forgets a dropped one', () => {
    const buffer = filled(200);
    buffer.replace(line(200, 'new'));
    buffer.replace(line(1, 'late'));
    expect(buffer.lines.at(-1)).toMatchObject({ number: 200, text: 'new' });
    expect(buffer.lines.some((kept) => kept.kind === 'text' && kept.text === 'late')).toBe(false);
    expect(buffer.longest).toBe(3);
  });

  test('a line that grows by replacement counts', () => {
    const buffer = filled(9, 'x'.repeat(100));
    buffer.replace(line(9, 'x'.repeat(400)));
    expect(buffer.dropped).toBeGreaterThan(0);
    expect(buffer.lines.at(-1)?.number).toBe(9);
  });
});
