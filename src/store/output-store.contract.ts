/** What every OutputStore promises, as tests: an adapter's own test file calls this with a way to open itself. */
import { spawn } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { HeardOutput, readAll, readPage, textOf } from '../../test/support/output-log.ts';
import { sampleId, sampleUs } from '../../test/support/sample-execution.ts';
import { type Clock, ManualClock, systemClock } from '../base/clock.ts';
import { denseAboveLines, pieceBytesMax } from '../core/model/output-segment.ts';
import { objectIds } from '../base/object-id.ts';
import type { OutputStore, OutputWriter } from './output-store.ts';

/** Opens a store with nothing in it. */
export type OpenEmptyOutputStore = (clock: Clock) => Promise<{ readonly store: OutputStore } & AsyncDisposable>;

/** Lets a process that knows nothing of the store append to the raw files; resolves when it is gone. */
export async function appendByShell(writer: OutputWriter, script: string): Promise<void> {
  const child = spawn('/bin/sh', ['-c', script], { cwd: writer.directory, stdio: ['ignore', 'ignore', 'inherit'] });
  await new Promise((resolve) => child.on('close', resolve));
}

export function outputStoreContract(name: string, open: OpenEmptyOutputStore): void {
  describe(`${name} keeps the output store's promises`, () => {
    test('what another process appends is heard and read, in order, once', async () => {
      await using opened = await open(systemClock);
      const id = sampleId();
      const heard = new HeardOutput();
      await using writer = await opened.store.open(id, heard);
      const count = 300;
      await appendByShell(
        writer,
        `i=0; while [ $i -lt ${count} ]; do i=$((i+1)); echo "out $i" >>stdout; echo "err $i" >>stderr; done`,
      );
      await heard.until(({ text }) => text.includes(`out ${count}\n`) && text.includes(`err ${count}\n`));
      const lines = (stream: string) => Array.from({ length: count }, (_, at) => `${stream} ${at + 1}\n`).join('');
      expect(textOf(heard.records, 'stdout')).toBe(lines('out'));
      expect(textOf(heard.records, 'stderr')).toBe(lines('err'));
      expect(heard.records.map(({ seq }) => seq)).toEqual(Array.from({ length: 2 * count }, (_, at) => at + 1));
      expect(await readAll(opened.store, id)).toEqual(heard.records);
    });

    test('output is in the log before anybody is told of it', async () => {
      await using opened = await open(systemClock);
      const id = sampleId();
      const known: Promise<number>[] = [];
      await using writer = await opened.store.open(id, {
        isWanted: () => true,
        appended: () =>
          void known.push(readPage(opened.store, id, { afterSeq: 0, bytesMax: 1 }).then((page) => page.endSeq)),
        storageFull: () => {},
      });
      writer.write('stdout', Buffer.from('a\nb\n'));
      writer.write('stderr', Buffer.from('c\n'));
      const seqs = await Promise.all(known);
      expect(seqs).toHaveLength(2);
      expect(seqs[0]).toBeGreaterThanOrEqual(2);
      expect(seqs[1]).toBe(3);
    });

    test('where nobody needs the bytes of a flood, only how far the log reaches is told', async () => {
      await using opened = await open(new ManualClock());
      const id = sampleId();
      const heard = new HeardOutput();
      const ends: number[] = [];
      let wantsLong = false;
      await using writer = await opened.store.open(id, {
        isWanted: () => true,
        appended: (segments) => heard.appended(segments),
        wantsLong: () => wantsLong,
        grew: (endSeq) => void ends.push(endSeq),
        storageFull: () => {},
      });
      const flood = `${'x'.repeat(99)}\n`.repeat(2_000);
      writer.write('stdout', Buffer.from('short\n'));
      writer.write('stdout', Buffer.from(flood));
      expect(heard.text).toBe('short\n');
      expect(ends.at(-1)).toBe(writer.endSeq);
      expect(textOf(await readAll(opened.store, id))).toBe(`short\n${flood}`);
      wantsLong = true;
      writer.write('stdout', Buffer.from(flood));
      expect(heard.text).toBe(`short\n${flood}`);
      expect(ends).toHaveLength(1);
    });

    test('nobody is told where nobody wants to know; it is in the log all the same', async () => {
      await using opened = await open(systemClock);
      const id = sampleId();
      const heard = new HeardOutput();
      heard.wanted = false;
      await using writer = await opened.store.open(id, heard);
      writer.write('stdout', Buffer.from('a\n'));
      heard.wanted = true;
      writer.write('stdout', Buffer.from('b\n'));
      expect(heard.text).toBe('b\n');
      expect(textOf(await readAll(opened.store, id))).toBe('a\nb\n');
    });

    test('from every cursor and with pages of any size, reading gives what was heard live', async () => {
      await using opened = await open(new ManualClock());
      const id = sampleId();
      const heard = new HeardOutput();
      await using writer = await opened.store.open(id, heard);
      writeOfEveryKind(writer);
      const live = heard.records;
      expect(live.length).toBeGreaterThan(100);
      expect(live.map(({ seq }) => seq)).toEqual(live.map((_, at) => at + 1));
      for (let afterSeq = 0; afterSeq <= live.length + 1; afterSeq++) {
        const bytesMax = [1, 300, 70_000, 10_000_000][afterSeq % 4] ?? 1;
        expect(await readAll(opened.store, id, { afterSeq, bytesMax })).toEqual(live.slice(afterSeq));
      }
    });

    test('a page holds at least one segment and not much more than was asked for, and says where to go on', async () => {
      await using opened = await open(new ManualClock());
      const id = sampleId();
      await using writer = await opened.store.open(id, new HeardOutput());
      for (let line = 1; line <= 50; line++) writer.write('stdout', Buffer.from(`${line}\n`));
      const tiny = await readPage(opened.store, id, { afterSeq: 7, bytesMax: 1 });
      expect(tiny.records.map(({ data }) => data)).toEqual(['8\n']);
      expect(tiny).toMatchObject({ nextSeq: 8, endSeq: 50 });
      const whole = await readPage(opened.store, id, { afterSeq: 0, bytesMax: 1_000_000 });
      expect(whole).toMatchObject({ nextSeq: 50, endSeq: 50 });
      expect(await readPage(opened.store, id, { afterSeq: 50, bytesMax: 1 })).toEqual({
        records: [],
        nextSeq: 50,
        endSeq: 50,
      });
    });

    test('a filter by type leaves out the others and still moves on over them', async () => {
      await using opened = await open(new ManualClock());
      const id = sampleId();
      const heard = new HeardOutput();
      await using writer = await opened.store.open(id, heard);
      for (let line = 0; line < 700; line++) writer.write(line % 100 === 99 ? 'stderr' : 'stdout', Buffer.from('x\n'));
      for (const types of [['stderr'], ['stdout', 'output'], ['output'], []] as const) {
        const wanted = heard.records.filter(({ type }) => types.some((one) => one === type));
        for (const bytesMax of [1, 100_000])
          expect(await readAll(opened.store, id, { types, bytesMax })).toEqual(wanted);
      }
      const none = await readPage(opened.store, id, { afterSeq: 0, bytesMax: 1, types: ['output'] });
      expect(none).toEqual({ records: [], nextSeq: 700, endSeq: 700 });
    });

    test('of what was never there nothing is known', async () => {
      await using opened = await open(new ManualClock());
      const id = sampleId();
      expect(await readPage(opened.store, id, { afterSeq: 4, bytesMax: 1 })).toEqual({
        records: [],
        nextSeq: 4,
        endSeq: 0,
      });
      expect(await opened.store.summary(id)).toBeUndefined();
      expect(await opened.store.raw(id, 'stdout', { start: 0, bytesMax: 10 })).toBeUndefined();
      await opened.store.remove(id);
    });

    test('an unfinished line is shown after 100 ms, not before, and its rest is a record of its own', async () => {
      const clock = new ManualClock();
      await using opened = await open(clock);
      const heard = new HeardOutput();
      await using writer = await opened.store.open(sampleId(), heard);
      writer.write('stdout', Buffer.from('Password: '));
      clock.advance(99);
      expect(heard.records).toEqual([]);
      clock.advance(1);
      expect(heard.text).toBe('Password: ');
      writer.write('stdout', Buffer.from('thanks\n'));
      expect(heard.records.map(({ data }) => data)).toEqual(['Password: ', 'thanks\n']);
    });

    test('an unfinished line does not wait longer because it grows, nor hold up the lines before it', async () => {
      const clock = new ManualClock();
      await using opened = await open(clock);
      const heard = new HeardOutput();
      await using writer = await opened.store.open(sampleId(), heard);
      writer.write('stderr', Buffer.from('whole\n.'));
      expect(heard.text).toBe('whole\n');
      for (let dots = 0; dots < 9; dots++) {
        clock.advance(10);
        writer.write('stderr', Buffer.from('.'));
      }
      clock.advance(10);
      expect(heard.text).toBe(`whole\n${'.'.repeat(10)}`);
    });

    test('a line that rewrites itself is shown up to its last return', async () => {
      const clock = new ManualClock();
      await using opened = await open(clock);
      const heard = new HeardOutput();
      await using writer = await opened.store.open(sampleId(), heard);
      writer.write('stdout', Buffer.from('10%\r'));
      expect(heard.text).toBe('');
      writer.write('stdout', Buffer.from('20%\r30%'));
      expect(heard.text).toBe('10%\r20%\r');
      writer.write('stdout', Buffer.from(' done\r\n'));
      expect(heard.text).toBe('10%\r20%\r30% done\r\n');
    });

    test('half a character waits for its other half, however long', async () => {
      const clock = new ManualClock();
      await using opened = await open(clock);
      const id = sampleId();
      const heard = new HeardOutput();
      await using writer = await opened.store.open(id, heard);
      const bytes = Buffer.from('a𝄞b');
      for (const byte of bytes) {
        writer.write('stdout', Buffer.of(byte));
        clock.advance(200);
      }
      expect(heard.text).toBe('a𝄞b');
      expect(heard.text).not.toContain('\ufffd');
      expect(textOf(await readAll(opened.store, id))).toBe('a𝄞b');
    });

    test('sealing takes in what is unfinished, even half a character, and answers the totals of the log', async () => {
      await using opened = await open(new ManualClock());
      const id = sampleId();
      const heard = new HeardOutput();
      await using writer = await opened.store.open(id, heard);
      writer.write('stdout', Buffer.from('one\ntwo\nrest'));
      writer.markLost(1_000);
      writer.write('stderr', Buffer.from([0x62, 0xe2, 0x9c]));
      const summary = await writer.seal();
      expect(heard.records.map(({ type, data, lostBytes }) => [type, data, lostBytes])).toEqual([
        ['stdout', 'one\n', 0],
        ['stdout', 'two\n', 0],
        ['stderr', '', 1_000],
        ['stdout', 'rest', 0],
        ['stderr', 'b', 0],
        ['stderr', '\ufffd', 0],
      ]);
      expect(summary).toEqual({ records: 6, lines: 2, bytes: 15, lost_bytes: 1_000 });
      expect(await opened.store.summary(id)).toEqual(summary);
      expect(await readAll(opened.store, id)).toEqual(heard.records);
      expect(await writer.seal()).toEqual(summary);
    });

    test('what is written after the seal is not part of the log', async () => {
      await using opened = await open(systemClock);
      const id = sampleId();
      await using writer = await opened.store.open(id, new HeardOutput());
      writer.write('stdout', Buffer.from('in\n'));
      const summary = await writer.seal();
      await appendByShell(writer, 'echo out >>stdout');
      expect(await opened.store.summary(id)).toEqual(summary);
      expect(textOf(await readAll(opened.store, id))).toBe('in\n');
    });

    test('a log without output is sealed as empty', async () => {
      await using opened = await open(new ManualClock());
      const id = sampleId();
      await using writer = await opened.store.open(id, new HeardOutput());
      const empty = { records: 0, lines: 0, bytes: 0, lost_bytes: 0 };
      expect(await writer.seal()).toEqual(empty);
      expect(await opened.store.summary(id)).toEqual(empty);
    });

    test('lost output of unknown size makes the sum unknown', async () => {
      await using opened = await open(new ManualClock());
      const id = sampleId();
      await using writer = await opened.store.open(id, new HeardOutput());
      writer.markLost(5);
      writer.markLost(-1);
      writer.markLost(7);
      expect(await writer.seal()).toEqual({ records: 3, lines: 0, bytes: 0, lost_bytes: -1 });
      expect(await opened.store.summary(id)).toEqual({ records: 3, lines: 0, bytes: 0, lost_bytes: -1 });
    });

    test('opened again, a log goes on where it was, with what was written meanwhile, no hole and nothing twice', async () => {
      await using opened = await open(systemClock);
      const id = sampleId();
      const before = new HeardOutput();
      let directory: string;
      {
        await using writer = await opened.store.open(id, before);
        directory = writer.directory;
        writer.write('stdout', Buffer.from('1\n2\nunfin'));
        writer.write('stderr', Buffer.from('a\n'));
      }
      const after = new HeardOutput();
      {
        // The process goes on while no server is there.
        await appendByShell({ directory } as OutputWriter, 'printf "ished\\n3\\n" >>stdout; printf "b" >>stderr'); // only its directory is looked at
        await using writer = await opened.store.open(id, after);
        expect(writer.endSeq).toBeGreaterThanOrEqual(3);
        await appendByShell(writer, 'echo 4 >>stdout');
        await after.until(({ text }) => text.includes('4\n') && text.includes('b'));
        await writer.seal();
      }
      const all = await readAll(opened.store, id);
      expect(all.map(({ seq }) => seq)).toEqual(all.map((_, at) => at + 1));
      expect(textOf(all, 'stdout')).toBe('1\n2\nunfinished\n3\n4\n');
      expect(textOf(all, 'stderr')).toBe('a\nb');
    });

    test('letting go of a log without sealing it loses nothing that the next one will not find', async () => {
      await using opened = await open(new ManualClock());
      const id = sampleId();
      for (const part of ['Gr', Buffer.from([0xc3]), Buffer.from([0xbc]), 'ße ✓\n']) {
        await using writer = await opened.store.open(id, new HeardOutput());
        writer.write('stdout', Buffer.from(part));
      }
      await using writer = await opened.store.open(id, new HeardOutput());
      expect(await writer.seal()).toMatchObject({ bytes: 12, lines: 1 });
      expect(textOf(await readAll(opened.store, id))).toBe('Grüße ✓\n');
    });

    test('the text kept for a result is whole, or head and tail in whole characters with what was cut out', async () => {
      await using opened = await open(new ManualClock());
      await using writer = await opened.store.open(sampleId(), new HeardOutput());
      expect(await writer.kept('stdout', 100)).toEqual({ text: '', cutBytes: 0 });
      writer.write('stdout', Buffer.from(`head\n${'✓'.repeat(1_000)}tail`));
      writer.flush();
      expect(await writer.kept('stderr', 100)).toEqual({ text: '', cutBytes: 0 });
      expect(await writer.kept('stdout', 3_009)).toEqual({ text: `head\n${'✓'.repeat(1_000)}tail`, cutBytes: 0 });
      for (const bytesMax of [100, 101, 102, 103, 104, 105, 3_008]) {
        const { text, cutBytes } = await writer.kept('stdout', bytesMax);
        expect(text).toMatch(/^head\n✓+\n\[\d+ of 3009 bytes cut out here;[^\]]+\]\n✓*tail$/);
        const shown = text.replace(/\n\[[^\]]+\]\n/, '');
        expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(bytesMax);
        expect(Buffer.byteLength(shown)).toBeGreaterThan(bytesMax - 8);
        expect(cutBytes).toBe(3_009 - Buffer.byteLength(shown));
        expect(text).toContain(`[${cutBytes} of 3009 `);
      }
    });

    test('raw bytes are read as they were written', async () => {
      await using opened = await open(new ManualClock());
      const id = sampleId();
      await using writer = await opened.store.open(id, new HeardOutput());
      writer.write('stdout', Buffer.from([0xff, 0x00, 0x0a, 0x61]));
      const raw = (start: number, bytesMax: number) => opened.store.raw(id, 'stdout', { start, bytesMax });
      expect(await raw(0, 100)).toEqual(Buffer.from([0xff, 0x00, 0x0a, 0x61]));
      expect(await raw(1, 2)).toEqual(Buffer.from([0x00, 0x0a]));
      expect(await raw(4, 2)).toEqual(Buffer.alloc(0));
      expect(await opened.store.raw(id, 'stderr', { start: 0, bytesMax: 1 })).toBeUndefined();
    });

    test('removed output is gone, and an execution may have output again', async () => {
      await using opened = await open(new ManualClock());
      const id = sampleId();
      for (const text of ['first\n', 'second\n']) {
        {
          await using writer = await opened.store.open(id, new HeardOutput());
          writer.write('stdout', Buffer.from(text));
          await writer.seal();
        }
        expect(textOf(await readAll(opened.store, id))).toBe(text);
        await opened.store.remove(id);
        expect(await opened.store.summary(id)).toBeUndefined();
        expect(await opened.store.raw(id, 'stdout', { start: 0, bytesMax: 1 })).toBeUndefined();
      }
    });

    test('executions with output from before a moment are listed oldest first', async () => {
      await using opened = await open(new ManualClock());
      const hourUs = 3_600_000_000;
      const idAt = (us: number) => objectIds(() => us)();
      const ids = [0, 1, 5, 24, 24 * 400].map((hours) => idAt(sampleUs + hours * hourUs));
      for (const id of [...ids].reverse())
        await (await opened.store.open(id, new HeardOutput()))[Symbol.asyncDispose]();
      const idsUntil = async (us: number) => {
        const found: string[] = [];
        for await (const id of opened.store.ids(us)) found.push(id);
        return found;
      };
      expect(await idsUntil(sampleUs)).toEqual([]);
      expect(await idsUntil(sampleUs + hourUs)).toEqual(ids.slice(0, 1));
      expect(await idsUntil(sampleUs + hourUs + 1_000_000)).toEqual(ids.slice(0, 2));
      expect(await idsUntil(sampleUs + 24 * 500 * hourUs)).toEqual(ids);
      // As retention does it: removing what is being listed.
      for await (const id of opened.store.ids(sampleUs + 6 * hourUs)) await opened.store.remove(id);
      expect(await idsUntil(sampleUs + 24 * 500 * hourUs)).toEqual(ids.slice(3));
      expect(await idsUntil(sampleUs + 24 * 500 * hourUs)).toEqual(ids.slice(3));
    });
  });
}

/** Segments of every kind: short lines, several types, long lines, very many lines, no text at all, marks of loss. */
function writeOfEveryKind(writer: OutputWriter): void {
  writer.write('stdout', Buffer.from('first\nsecond\n'));
  writer.write('output', Buffer.from('progress\n'));
  writer.write('stderr', Buffer.from(`${'ü'.repeat(pieceBytesMax)}x\nafter\n`));
  writer.markLost(12);
  writer.write('stdout', Buffer.from('ab\n'.repeat(denseAboveLines * 15)));
  writer.write('stdout', Buffer.from([0xff, 0xfe, 0x0a, 0x80, 0x0a]));
  writer.write('stdout', Buffer.from('\n'.repeat(100)));
  writer.write('stderr', Buffer.from(`${'y'.repeat(3 * pieceBytesMax + 1)}`));
  writer.write('stderr', Buffer.from('end of it\n'));
  writer.write('stdout', Buffer.from('no end'));
  writer.flush();
}
