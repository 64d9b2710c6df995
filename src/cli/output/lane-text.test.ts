import { describe, expect, test } from 'vitest';
import { type Lane, LaneText } from './lane-text.ts';

const a: Lane = { name: 'a', key: 'a' };
const b: Lane = { name: 'b', key: 'b' };

describe('names of lanes', () => {
  test('stand before each line, and before each part of one that another lane cut', () => {
    const text = new LaneText({ hasNames: true, coloured: false });
    expect(text.add(a, 'one\ntwo\n')).toBe('[a] one\n[a] two\n');
    expect(text.add(a, 'par')).toBe('[a] par');
    expect(text.add(a, 'tial\n')).toBe('tial\n');
    expect(text.add(a, 'open')).toBe('[a] open');
    expect(text.add(b, 'x\n\n')).toBe('\n[b] x\n[b] \n');
    expect(text.add(a, 'ed\n')).toBe('[a] ed\n');
    expect(text.add({ name: '', key: 'own' }, 'own\n')).toBe('own\n');
    expect(text.add(a, 'no end')).toBe('[a] no end');
    expect(text.endLine() + text.endLine()).toBe('\n');
  });

  test('have colours of their own, and leave the text alone where they are not wanted', () => {
    const text = new LaneText({ hasNames: true, coloured: true });
    expect(text.add(a, 'x\n')).toBe('\x1b[94m[a]\x1b[0m x\n');
    expect(text.add(b, 'x\n')).toBe('\x1b[92m[b]\x1b[0m x\n');
    expect(text.add(a, 'y\n')).toBe('\x1b[94m[a]\x1b[0m y\n');
    const nameless = { name: '', key: 'stdout' };
    const unnamed = new LaneText({ hasNames: true, coloured: true });
    expect(unnamed.add(nameless, 'par') + unnamed.add({ ...nameless, key: 'stderr' }, 'x\ny')).toBe('parx\ny');
    const plain = new LaneText({ hasNames: false, coloured: true });
    expect(plain.add(a, 'par') + plain.add(b, 'x\ny') + plain.endLine()).toBe('parx\ny');
  });
});

test('only matching lines, put together lane by lane, the last one without an end too', () => {
  const text = new LaneText({ hasNames: true, coloured: false, matches: (line) => line.endsWith('good') });
  expect(text.add(a, 'a is ')).toBe('');
  expect(text.add(b, 'b is good\r\nbad\nlast is ')).toBe('[b] b is good\r\n');
  expect(text.add(a, 'good\n')).toBe('[a] a is good\n');
  expect(text.add(b, 'good')).toBe('');
  expect(text.end()).toBe('[b] last is good\n');
  expect(text.end()).toBe('');
});
