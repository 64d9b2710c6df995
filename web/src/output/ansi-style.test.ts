import { describe, expect, test } from 'vitest';
import { type AnsiStyle, applySgr, plainStyle } from './ansi-style.ts';

function after(...sequences: readonly string[]): AnsiStyle {
  return sequences.reduce(applySgr, plainStyle);
}

describe('applySgr()', () => {
  test.each<[string, AnsiStyle]>([
    ['31', { color: 1 }],
    ['97', { color: 15 }],
    ['44', { background: 4 }],
    ['103', { background: 11 }],
    [
      '1;2;3;4;7;8;9',
      { bold: true, dim: true, italic: true, underline: true, inverse: true, hidden: true, strike: true },
    ],
    ['38;5;208', { color: 208 }],
    ['48;5;16;1', { background: 16, bold: true }],
    ['38;2;255;0;10', { color: '#ff000a' }],
    ['38:5:208', { color: 208 }],
    ['38:2:1:2:3', { color: '#010203' }],
    ['38:2::1:2:3', { color: '#010203' }],
    ['4:3', { underline: true }],
    ['4;4:0', {}],
    ['58;5;9;1', { bold: true }],
    ['58:2::1:2:3;31', { color: 1 }],
    ['1;;31', { color: 1 }],
    ['38;5;300', {}],
    ['38', {}],
    ['38;5', {}],
    ['38;2;1', {}],
    ['999', {}],
  ])('ESC[%sm', (sequence, style) => {
    expect(after(sequence)).toEqual(style);
  });

  test('each attribute can be taken back', () => {
    const all = '1;2;3;4;7;8;9;31;42';
    expect(after(all, '22;23;24;27;28;29;39;49')).toEqual({});
    expect(after(all, '0')).toBe(plainStyle);
    expect(after(all, '')).toBe(plainStyle);
    expect(after(all, '0;1')).toEqual({ bold: true });
  });

  test('equal styles are the same object', () => {
    expect(after('1', '31')).toBe(after('31;1'));
    expect(after('31', '39')).toBe(plainStyle);
  });
});
