import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineAssembler, type OutputLine, type OutputPiece } from './line-assembler.ts';
import { lineCharsMax } from './line-editor.ts';

type Piece = readonly [data: string, type?: string];

function records(pieces: readonly Piece[]): OutputPiece[] {
  return pieces.map(([data, type], index) => ({
    seq: index + 1,
    output_type: type ?? 'stdout',
    timestamp: `t${index + 1}`,
    data,
  }));
}

function assemble(pieces: readonly OutputPiece[]): OutputLine[] {
  const list: OutputLine[] = [];
  const assembler = new LineAssembler({
    append: (line) => list.push(line),
    replace: (line) => {
      list[line.number - 1] = line;
    },
  });
  for (const piece of pieces) assembler.push(piece);
  assembler.flush();
  return list;
}

function texts(...pieces: readonly Piece[]): string[] {
  return assemble(records(pieces)).map((line) => (line.kind === 'text' ? line.text : 'gap'));
}

function styled(...pieces: readonly Piece[]): unknown[] {
  return assemble(records(pieces)).map((line) => (line.kind === 'text' ? [line.text, line.runs] : 'gap'));
}

describe('LineAssembler', () => {
  test('unfinished lines of different hosts are not put together', () => {
    const pieces = records([['one '], ['eins '], ['two\n'], ['zwei\n']]);
    const lines = assemble(pieces.map((piece, at) => ({ ...piece, host: at % 2 === 0 ? 'web1' : 'web2' })));
    expect(lines.map((line) => line.kind === 'text' && [line.host, line.text])).toEqual([
      ['web1', 'one two'],
      ['web2', 'eins zwei'],
    ]);
  });

  test('joins pieces of a line, splits several lines, keeps blank lines and an unterminated last line', () => {
    expect(texts(['a'], ['b\n\nc\nd'])).toEqual(['ab', '', 'c', 'd']);
  });

  test('stdout and stderr do not mix inside a line, and a line stands where it began', () => {
    const lines = assemble(records([['10%'], ['warn\n', 'stderr'], ['\r20%'], ['\nend\n']]));
    expect(lines.map((line) => line.kind === 'text' && [line.type, line.text, line.seq, line.timestamp])).toEqual([
      ['stdout', '20%', 1, 't1'],
      ['stderr', 'warn', 2, 't2'],
      ['stdout', 'end', 4, 't4'],
    ]);
  });

  test('\\r overwrites like a terminal: what is longer stays', () => {
    expect(texts(['downloading\rdone'])).toEqual(['doneloading']);
    expect(texts(['downloading\r\x1b[Kdone\n'])).toEqual(['done']);
    expect(texts(['downloading\x1b[2K\rdone\n'])).toEqual(['done']);
  });

  test('\\r\\n is a line end, also when it is cut between two records', () => {
    expect(texts(['a\r\nb\r'], ['\nc'])).toEqual(['a', 'b', 'c']);
  });

  test('backspace and cursor moves', () => {
    expect(texts(['abc\b\bX'])).toEqual(['aXc']);
    expect(texts(['ab\x1b[3CX'])).toEqual(['ab   X']);
    expect(texts(['abcdef\x1b[3GX\x1b[0K'])).toEqual(['abX']);
    expect(texts(['abcdef\x1b[2D\x1b[1Kz'])).toEqual(['    zf']);
  });

  test('a character of two code units is one cell to overwrite', () => {
    expect(texts(['🌩🌩\rab'])).toEqual(['ab']);
    expect(texts(['a🌩b\b\bX'])).toEqual(['aXb']);
  });

  test('colour goes on over lines and records, per stream', () => {
    const red = { color: 1 };
    expect(styled(['\x1b[31mred\nstill'], ['plain\n', 'stderr'], [' red\x1b[0m no\n'])).toEqual([
      ['red', [{ start: 0, style: red }]],
      [
        'still red no',
        [
          { start: 0, style: red },
          { start: 9, style: {} },
        ],
      ],
      ['plain', []],
    ]);
  });

  test('an escape sequence cut between records is not shown', () => {
    expect(styled(['\x1b'], ['['], ['1;'], ['32mok'])).toEqual([
      ['ok', [{ start: 0, style: { bold: true, color: 2 } }]],
    ]);
  });

  test('titles, links, cursor addressing, charsets and control characters are left out', () => {
    expect(
      texts(['\x1b]0;title\x07a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\x1b[?25l\x1b[2J\x1b(B\x1bMb\0\x07c']),
    ).toEqual(['alinkbc']);
  });

  test('an unfinished title ends with its line', () => {
    expect(texts(['\x1b]0;oops\nnext\n'])).toEqual(['', 'next']);
  });

  test('a very long line is cut and says by how much', () => {
    const [line] = assemble(records([['x'.repeat(lineCharsMax - 1)], ['yz'], ['w\n']]));
    expect(line).toMatchObject({ text: `${'x'.repeat(lineCharsMax - 1)}y`, cutChars: 2 });
  });

  test('a record that comes again is left out', () => {
    const [first, second, third] = records([['a\n'], ['b\n'], ['c\n']]);
    const lines = assemble([first, second, second, first, third].filter((record) => record !== undefined));
    expect(lines.map((line) => line.kind === 'text' && line.text)).toEqual(['a', 'b', 'c']);
  });

  test('records that did not arrive, and bytes that were not kept, are marked', () => {
    const lines = assemble([
      { seq: 1, output_type: 'stdout', timestamp: 't', data: 'half' },
      { seq: 4, output_type: 'stdout', timestamp: 't', data: 'b\n' },
      { seq: 5, output_type: 'stdout', timestamp: 't', data: '', lost_bytes: 1234 },
    ]);
    expect(lines).toMatchObject([
      { kind: 'text', text: 'half' },
      { kind: 'gap', missingRecords: 2, lostBytes: undefined },
      { kind: 'text', text: 'b' },
      { kind: 'gap', missingRecords: 0, lostBytes: 1234 },
    ]);
  });

  test('any cut of the text into records gives the same lines', () => {
    const token = fc.oneof(
      { weight: 4, arbitrary: fc.stringMatching(/^[a-z ü🌩\t]{0,6}$/u) },
      { weight: 2, arbitrary: fc.constantFrom('\n', '\r', '\r\n', '\b') },
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          '\x1b[31m',
          '\x1b[0m',
          '\x1b[1;4m',
          '\x1b[38;5;200m',
          '\x1b[38;2;1;2;3m',
          '\x1b[48:2::9:8:7m',
          '\x1b[m',
          '\x1b[7m',
          '\x1b[K',
          '\x1b[1K',
          '\x1b[2K',
          '\x1b[3C',
          '\x1b[2D',
          '\x1b[4G',
          '\x1b[A',
          '\x1b[?25h',
          '\x1b]0;t\x07',
          '\x1b]8;;u\x1b\\',
          '\x1bP1$r\x1b\\',
          '\x1b(B',
          '\x1b[',
          '\x1b',
          '\x1b]x',
          '\0',
          '\x9b',
          `\x1b[${'1;'.repeat(140)}m`,
        ),
      },
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 30 }), fc.array(fc.nat(400), { maxLength: 10 }), (tokens, cuts) => {
        const chars = Array.from(tokens.join('')); // the server never cuts a character
        const at = [...new Set(cuts.map((cut) => Math.min(cut, chars.length)))].sort((a, b) => a - b);
        const pieces = [0, ...at].map((from, index): Piece => [chars.slice(from, at[index] ?? chars.length).join('')]);
        expect(styled(...pieces)).toEqual(styled([chars.join('')]));
      }),
      { numRuns: 3000 },
    );
  });

  test('text without controls is what was printed', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[ -~äß中\n]{0,20}$/u)), (pieces) => {
        const lines = texts(...pieces.map((piece): Piece => [piece]));
        const text = pieces.join('');
        expect(lines).toEqual(text === '' ? [] : text.replace(/\n$/, '').split('\n'));
      }),
    );
  });
});
