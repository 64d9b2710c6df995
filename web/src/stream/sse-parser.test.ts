import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type SseFrame, SseParser } from './sse-parser.ts';

function parse(...pieces: readonly string[]): SseFrame[] {
  const parser = new SseParser();
  return pieces.flatMap((piece) => parser.feed(piece));
}

describe('SseParser', () => {
  test('reads an output frame and the EOF frame whose data is two apostrophes', () => {
    expect(
      parse('\nid: 7\nevent: st2.execution.output__create\ndata: {"data":"1\\n"}\n\nevent: EOF\ndata: \'\'\n\n'),
    ).toEqual([
      { event: 'st2.execution.output__create', data: '{"data":"1\\n"}', id: '7' },
      { event: 'EOF', data: "''", id: '7' },
    ]);
  });

  test('heartbeats, comments, retry and events without data give no frame', () => {
    expect(parse('\n\n: keepalive\n\nretry: 1000\n\nevent: nothing\n\n')).toEqual([]);
  });

  test('an event name does not leak into the next frame, an id does', () => {
    expect(parse('id: a\nevent: x\ndata: 1\n\ndata: 2\n\n')).toEqual([
      { event: 'x', data: '1', id: 'a' },
      { event: 'message', data: '2', id: 'a' },
    ]);
  });

  test('an id alone moves the cursor of the next frame', () => {
    expect(parse('id: 9\n\ndata: x\n\n')).toEqual([{ event: 'message', data: 'x', id: '9' }]);
  });

  test('several data lines are one value; only one space after the colon is taken away', () => {
    expect(parse('data:a\ndata:  b\ndata\n\n')).toEqual([{ event: 'message', data: 'a\n b\n', id: undefined }]);
  });

  test('an unfinished frame is not given', () => {
    expect(parse('data: half\n')).toEqual([]);
  });

  test('CR and CR LF end lines like LF', () => {
    expect(parse('data: a\r\n\r\ndata: b\r\rdata: c\n\r\n')).toEqual(parse('data: a\n\ndata: b\n\ndata: c\n\n'));
  });

  test('any cut of the text into pieces gives the same frames', () => {
    const piece = fc.constantFrom(
      'data: x',
      'data:',
      'event: e',
      'id: 1',
      ':c',
      '\n',
      '\n\n',
      '\r',
      '\r\n',
      'data: {"a":"ü"}',
      ' ',
      'id',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.array(fc.nat(200), { maxLength: 8 }), (pieces, cuts) => {
        const text = pieces.join('');
        const at = [...new Set(cuts.map((cut) => Math.min(cut, text.length)))].sort((a, b) => a - b);
        const cut = [0, ...at].map((from, index) => text.slice(from, at[index] ?? text.length));
        expect(parse(...cut)).toEqual(parse(text));
      }),
      { numRuns: 1000 },
    );
  });
});
