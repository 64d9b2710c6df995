import { describe, expect, it } from 'vitest';
import { editIni, parseIni } from './ini-file.ts';

describe('parseIni()', () => {
  it('reads sections, both separators, comments and continued values', () => {
    const ini = parseIni('# c\n[a]\nX = 1 = 2\ny: z\n; c\nlong = one\n  two\nempty =\n[b]\n', 'f');
    expect([...(ini.get('a') ?? [])]).toEqual([
      ['x', '1 = 2'],
      ['y', 'z'],
      ['long', 'one\ntwo'],
      ['empty', ''],
    ]);
    expect(ini.has('b')).toBe(true);
  });

  it('names file and line of what it cannot read', () => {
    expect(() => parseIni('[a]\nnonsense\n', 'f.ini')).toThrow(
      'f.ini, line 2: expected name = value, found "nonsense"',
    );
    expect(() => parseIni('x = 1\n', 'f.ini')).toThrow('f.ini, line 1: expected a [section] first, found "x = 1"');
  });
});

describe('editIni()', () => {
  it('starts a file', () => {
    expect(editIni('', 's', { a: '1', b: undefined })).toBe('[s]\na = 1\n\n');
  });

  it('adds a section after the others', () => {
    expect(editIni('[o]\nx = 1\n', 's', { a: '1' })).toBe('[o]\nx = 1\n\n[s]\na = 1\n\n');
  });

  it('sets and removes within its section only, and keeps comments', () => {
    const text = '[s]\n# mine\na = 0\nb = 2\nc = 3\n\n[o]\na = 9\n';
    const edited = editIni(text, 's', { a: '1', b: undefined });
    expect([...(parseIni(edited, 'f').get('s') ?? [])]).toEqual([
      ['a', '1'],
      ['c', '3'],
    ]);
    expect(parseIni(edited, 'f').get('o')?.get('a')).toBe('9');
    expect(edited).toContain('# mine');
  });
});
