import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type ServerEvent, SseParser } from './sse-parser.ts';

const stream =
  'id: 1\nevent: a\ndata: {"x":"é日😀"}\n\n: heartbeat\n\n\nid: 2\r\ndata: one\r\ndata:two\r\n\r\nevent: EOF\rdata: \'\'\r\rdata: cut';
const events: ServerEvent[] = [
  { event: 'a', data: '{"x":"é日😀"}', id: '1' },
  { event: 'message', data: 'one\ntwo', id: '2' },
  { event: 'EOF', data: "''", id: '2' },
];

it('gives the same events wherever the bytes are cut, and never one that was not finished', () => {
  const bytes = new TextEncoder().encode(stream);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: bytes.length })), (cuts) => {
      const parser = new SseParser();
      const ends = [...cuts, bytes.length].sort((a, b) => a - b);
      let start = 0;
      const seen = ends.flatMap((end) => {
        const found = parser.feed(bytes.subarray(start, end));
        start = end;
        return found;
      });
      expect(seen).toEqual(events);
    }),
  );
});
