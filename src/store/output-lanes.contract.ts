/** What every OutputStore promises of output that the server itself takes in from many hosts. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HeardOutput, type LogRecord, readAll, readPage, textOf } from '../../test/support/output-log.ts';
import { sampleId } from '../../test/support/sample-execution.ts';
import { ManualClock } from '../base/clock.ts';
import { pieceBytesMax } from '../core/model/output-segment.ts';
import type { OpenEmptyOutputStore } from './output-store.contract.ts';

/** Said of each record here: where it was printed, and what. */
const hostAndData = (records: readonly LogRecord[]) => records.map(({ host, data }) => [host, data]);

function textsByLane(records: readonly LogRecord[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { type, host, data } of records) texts.set(`${type} ${host}`, (texts.get(`${type} ${host}`) ?? '') + data);
  return texts;
}

export function outputLanesContract(name: string, open: OpenEmptyOutputStore): void {
  describe(`${name} keeps apart what many hosts print`, () => {
    test('a record is of one host, and says of which, live and later', async () => {
      const clock = new ManualClock();
      await using opened = await open(clock);
      const id = sampleId();
      const heard = new HeardOutput();
      await using writer = await opened.store.open(id, heard);
      writer.write('stdout', Buffer.from('one\ntw'), 'web1');
      writer.write('stdout', Buffer.from('eins\n'), 'web2');
      writer.write('stdout', Buffer.from('o\n'), 'web1');
      writer.write('stderr', Buffer.from('zwei\n'), 'web2');
      writer.write('stdout', Buffer.from('of no host\n'));
      await writer.seal();
      const all = await readAll(opened.store, id);
      expect(all).toEqual(heard.records);
      expect(all.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
      expect(hostAndData(all.filter(({ host }) => host === 'web1'))).toEqual([
        ['web1', 'one\n'],
        ['web1', 'two\n'],
      ]);
      expect(textsByLane(all)).toEqual(
        new Map([
          ['stdout web1', 'one\ntwo\n'],
          ['stdout web2', 'eins\n'],
          ['stderr web2', 'zwei\n'],
          ['stdout undefined', 'of no host\n'],
        ]),
      );
      expect((await writer.kept('stdout', 1_000)).text).toBe(textOf(all, 'stdout'));
    });

    test('an unfinished line of one host is shown after 100 ms, whatever others print', async () => {
      const clock = new ManualClock();
      await using opened = await open(clock);
      const heard = new HeardOutput();
      await using writer = await opened.store.open(sampleId(), heard);
      writer.write('stdout', Buffer.from('Password: '), 'web1');
      for (let tenths = 0; tenths < 9; tenths++) {
        writer.write('stdout', Buffer.from(`${tenths}\n`), 'web2');
        clock.advance(10);
      }
      expect(heard.records.filter(({ host }) => host === 'web1')).toEqual([]);
      clock.advance(10);
      expect(textOf(heard.records.filter(({ host }) => host === 'web1'))).toBe('Password: ');
    });

    test('half a character of one host waits, while others print', async () => {
      const clock = new ManualClock();
      await using opened = await open(clock);
      const heard = new HeardOutput();
      await using writer = await opened.store.open(sampleId(), heard);
      for (const byte of Buffer.from('a𝄞b')) {
        writer.write('stdout', Buffer.of(byte), 'web1');
        writer.write('stdout', Buffer.from('é'), 'web2');
        clock.advance(200);
      }
      const texts = textsByLane(heard.records);
      expect(texts.get('stdout web1')).toBe('a𝄞b');
      expect(texts.get('stdout web2')).toBe('é'.repeat(6));
    });

    test('a line without an end is shown in pieces of a bounded length', async () => {
      await using opened = await open(new ManualClock());
      const id = sampleId();
      const heard = new HeardOutput();
      await using writer = await opened.store.open(id, heard);
      const long = 'x'.repeat(10 * pieceBytesMax + 7);
      writer.write('stdout', Buffer.from(long), 'web1');
      expect(heard.text.length).toBeGreaterThanOrEqual(10 * pieceBytesMax);
      await writer.seal();
      const all = await readAll(opened.store, id);
      expect(textOf(all) === long).toBe(true);
      expect(all.every(({ data }) => data.length <= pieceBytesMax)).toBe(true);
    });

    test('a thousand hosts at once', async () => {
      const clock = new ManualClock();
      await using opened = await open(clock);
      const id = sampleId();
      await using writer = await opened.store.open(id, new HeardOutput());
      const hosts = Array.from({ length: 1_000 }, (_, at) => `host${at}.example.org`);
      for (let round = 0; round < 5; round++) {
        for (const host of hosts) writer.write('stdout', Buffer.from(`${host} says ${round}\n${host} be`), host);
        clock.advance(3);
        for (const host of hosts) writer.write('stdout', Buffer.from('gan\n'), host);
      }
      expect(await writer.seal()).toMatchObject({ lines: 10_000, records: 10_000, lost_bytes: 0 });
      const texts = textsByLane(await readAll(opened.store, id));
      for (const host of hosts)
        expect(texts.get(`stdout ${host}`)).toBe(
          [0, 1, 2, 3, 4].map((round) => `${host} says ${round}\n${host} began\n`).join(''),
        );
    });

    test('after a restart, lanes are known again and go on', async () => {
      await using opened = await open(new ManualClock());
      const id = sampleId();
      for (const [round, host] of ['web1', 'web2', 'web1', 'web3'].entries()) {
        await using writer = await opened.store.open(id, new HeardOutput());
        writer.write('stdout', Buffer.from(`${round}\nrest `), host);
      }
      await using writer = await opened.store.open(id, new HeardOutput());
      writer.write('stdout', Buffer.from('of no host\n'));
      await writer.seal();
      const page = await readPage(opened.store, id, { afterSeq: 2, bytesMax: 100_000 });
      expect(hostAndData(page.records)).toEqual([
        ['web2', '1\n'],
        ['web2', 'rest '],
        ['web1', '2\n'],
        ['web1', 'rest '],
        ['web3', '3\n'],
        ['web3', 'rest '],
        [undefined, 'of no host\n'],
      ]);
    });

    test('what was printed here before the first host comes first', async () => {
      await using opened = await open(new ManualClock());
      const id = sampleId();
      const heard = new HeardOutput();
      await using writer = await opened.store.open(id, heard);
      writer.write('stdout', Buffer.from('here\nunfinished'));
      writer.write('stdout', Buffer.from('there\n'), 'web1');
      writer.write('stdout', Buffer.from(' and here again\n'));
      await writer.seal();
      expect(hostAndData(await readAll(opened.store, id))).toEqual([
        [undefined, 'here\n'],
        [undefined, 'unfinished'],
        ['web1', 'there\n'],
        [undefined, ' and here again\n'],
      ]);
    });

    test('a name that would break a line of a file, or is very long, is still one name', async () => {
      await using opened = await open(new ManualClock());
      const id = sampleId();
      await using writer = await opened.store.open(id, new HeardOutput());
      writer.write('stdout', Buffer.from('1\n'), 'two\nlines');
      writer.write('stdout', Buffer.from('2\n'), 'x'.repeat(10_000));
      await writer.seal();
      expect(hostAndData(await readAll(opened.store, id))).toEqual([
        ['two lines', '1\n'],
        ['x'.repeat(512), '2\n'],
      ]);
    });

    test('however hosts take turns, each one’s text is whole, and its records are lines', async () => {
      const write = fc.record({
        host: fc.constantFrom('web1', 'web2', 'web3', undefined),
        type: fc.constantFrom('stdout' as const, 'stderr' as const, 'output' as const),
        bytes: fc.oneof(
          fc.string({ unit: 'binary', maxLength: 20 }).map((text) => Buffer.from(text)),
          fc.constantFrom('\n', 'line\n', 'a\rb', 'é').map((text) => Buffer.from(text)),
          fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes)),
          fc.integer({ min: 0, max: 2 * pieceBytesMax }).map((length) => Buffer.alloc(length, 'lo ng')),
        ),
        waitMs: fc.constantFrom(0, 0, 0, 4, 10, 120),
        isReopened: fc.constantFrom(false, false, false, false, true),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(write, { maxLength: 25 }), async (writes) => {
          const clock = new ManualClock();
          await using opened = await open(clock);
          const id = sampleId();
          const heard = new HeardOutput();
          const expected = new Map<string, Buffer[]>();
          let writer = await opened.store.open(id, heard);
          // Bytes after which a record may end although its line does not.
          let mayBreak = false;
          for (const { host, type, bytes, waitMs, isReopened } of writes) {
            if (isReopened) {
              await writer[Symbol.asyncDispose]();
              writer = await opened.store.open(id, heard);
            }
            writer.write(type, bytes, host);
            clock.advance(waitMs);
            mayBreak ||= isReopened || waitMs > 0 || bytes.includes(0x0d) || bytes.length > 1_000;
            const key = `${type} ${host}`;
            if (bytes.length > 0) expected.set(key, [...(expected.get(key) ?? []), bytes]);
          }
          await writer.seal();
          await writer[Symbol.asyncDispose]();
          const all = await readAll(opened.store, id);
          expect(all).toEqual(heard.records);
          expect(all.map(({ seq }) => seq)).toEqual(all.map((_, at) => at + 1));
          const texts = textsByLane(all);
          expect([...texts.keys()].sort()).toEqual([...expected.keys()].sort());
          for (const [key, parts] of expected) {
            // Where it ends within a character and goes on after a restart or a change of hosts, both halves are shown.
            const whole = Buffer.concat(parts).toString('utf8');
            if (!whole.includes('\ufffd')) expect(texts.get(key) === whole, key).toBe(true);
          }
          for (const type of ['stdout', 'stderr', 'output'] as const) {
            const raw = await opened.store.raw(id, type, { start: 0, bytesMax: 10_000_000 });
            const length = [...expected].reduce(
              (sum, [key, parts]) => sum + (key.startsWith(`${type} `) ? Buffer.concat(parts).length : 0),
              0,
            );
            expect(raw?.length ?? 0).toBe(length);
          }
          if (!mayBreak && !writes.some(({ host }) => host === undefined))
            for (const key of expected.keys()) {
              const own = all.filter(({ type, host }) => `${type} ${host}` === key).map(({ data }) => data);
              // The seal shows an unfinished line, and half a character after it.
              expect(own.slice(0, -2).every((data) => data.endsWith('\n'))).toBe(true);
            }
        }),
        { numRuns: 30 },
      );
    });
  });
}
