/** Logs of which only head and tail are kept. */
import { spawn } from 'node:child_process';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import { HeardOutput, type LogRecord, readAll, textOf } from '../../../test/support/output-log.ts';
import { sampleId } from '../../../test/support/sample-execution.ts';
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { sampleSeal } from '../../../test/support/text-seal.ts';
import { punchHole } from '../../app/punch-hole.ts';
import { type Clock, ManualClock, systemClock } from '../../base/clock.ts';
import type { OutputStore, OutputWriter } from '../output-store.ts';
import type { OutputCap } from './kept-cap.ts';
import { OutputFiles } from './output-files.ts';

const mebibyte = 1024 * 1024;
const bytesMax = 2 * mebibyte;
const lineOf = (at: number) => `line ${String(at).padStart(93, '.')}\n`;
const linesOf = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => lineOf(from + at)).join('');

/** A store with a cap; the test is skipped where the file system of temporary files cannot punch holes. */
async function cappedStore(
  directory: string,
  context: TestContext,
  { clock = new ManualClock(), cap = {} }: { clock?: Clock; cap?: Partial<OutputCap> } = {},
): Promise<OutputStore> {
  try {
    const file = join(directory, 'hole');
    await writeFile(file, Buffer.alloc(mebibyte, 1));
    await punchHole(file, 0, mebibyte);
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    context.skip(`cannot punch holes here: ${String(error)}`);
  }
  const refused = (error: unknown) => {
    throw error;
  };
  return new OutputFiles(join(directory, 'output'), clock, {
    seal: sampleSeal(),
    cap: { bytesMax, punchHole, refused, ...cap },
  });
}

/** Prints and lets cuts be made meanwhile. */
async function print(writer: OutputWriter, lines: number, type: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
  for (let at = 0; at < lines; at += 500) {
    writer.write(type, Buffer.from(linesOf(at, Math.min(lines, at + 500))));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What is missing, which must be in one place of the text. */
function gapIn(records: readonly LogRecord[], type: string) {
  const own = records.filter((record) => record.type === type);
  const from = own.findIndex(({ lostBytes }) => lostBytes !== 0);
  const to = own.findLastIndex(({ lostBytes }) => lostBytes !== 0) + 1;
  const marks = own.slice(from, to);
  expect(marks.every(({ lostBytes }) => lostBytes > 0)).toBe(true);
  const lostBytes = marks.reduce((sum, mark) => sum + mark.lostBytes, 0);
  return { head: textOf(own.slice(0, from)), tail: textOf(own.slice(to)), lostBytes, marks: marks.length };
}

describe('a cap on what is kept', () => {
  test('keeps head and tail as they were, marks the rest with its size, frees the disk, and cuts nothing live', async (context) => {
    await using directory = await temporaryDirectory();
    const store = await cappedStore(directory.path, context);
    const id = sampleId();
    const heard = new HeardOutput();
    await using writer = await store.open(id, heard);
    const lines = 200_000;
    await print(writer, lines);
    const summary = await writer.seal();
    const whole = linesOf(0, lines);
    expect(heard.text === whole).toBe(true);
    const { head, tail, lostBytes, marks } = gapIn(await readAll(store, id), 'stdout');
    expect(marks).toBe(1);
    expect(whole.startsWith(head)).toBe(true);
    expect(whole.endsWith(tail)).toBe(true);
    expect(head.length).toBeGreaterThanOrEqual(bytesMax / 4);
    expect(tail.length).toBeGreaterThanOrEqual(bytesMax / 4);
    expect(head.length + lostBytes + tail.length).toBe(whole.length);
    expect(summary).toEqual({ records: expect.any(Number), lines, bytes: whole.length, lost_bytes: lostBytes });
    expect(await store.summary(id)).toEqual(summary);
    const { size, blocks } = await stat(join(writer.directory, 'stdout'));
    expect(size).toBe(whole.length);
    expect(blocks * 512).toBeLessThan(bytesMax * 1.5);
    // Everything keeps its place, also for who fetches bytes.
    const raw = await store.raw(id, 'stdout', { start: 0, bytesMax: whole.length });
    expect(raw?.length).toBe(whole.length);
    expect(raw?.subarray(0, head.length).equals(Buffer.from(head))).toBe(true);
    expect(raw?.subarray(head.length, head.length + lostBytes).every((byte) => byte === 0x1a)).toBe(true);
    expect(raw?.subarray(-tail.length).equals(Buffer.from(tail))).toBe(true);
    const kept = await writer.kept('stdout', 100 * mebibyte);
    expect(kept.text.startsWith(lineOf(0))).toBe(true);
    expect(kept.text.endsWith(lineOf(lines - 1))).toBe(true);
    expect(kept.text).not.toContain('\x1a');
    expect(kept.text).not.toContain('\0');
    expect(kept.text).toContain(`[${kept.cutBytes} of ${whole.length} bytes cut out here;`);
  });

  test('from any cursor, what is read has its own seq', async (context) => {
    await using directory = await temporaryDirectory();
    const store = await cappedStore(directory.path, context);
    const id = sampleId();
    const heard = new HeardOutput();
    await using writer = await store.open(id, heard);
    await print(writer, 60_000);
    const { records } = await writer.seal();
    const live = new Map(heard.records.map((record) => [record.seq, record]));
    for (const afterSeq of [0, 1, 5_000, 20_000, 30_000, records - 5_000, records - 1, records]) {
      const all = await readAll(store, id, { afterSeq, bytesMax: 300_000 });
      for (const record of all) if (record.lostBytes === 0) expect(record).toEqual(live.get(record.seq));
      expect(all.at(-1)?.seq).toBe(afterSeq === records ? undefined : records);
    }
  });

  test('of both streams together, with secrets hidden, across restarts', async (context) => {
    await using directory = await temporaryDirectory();
    const store = await cappedStore(directory.path, context);
    const id = sampleId();
    const secrets = ['line ..'];
    for (let round = 0; round < 3; round++) {
      await using writer = await store.open(id, new HeardOutput(), { secrets });
      await print(writer, 30_000, 'stdout');
      await print(writer, 15_000, 'stderr');
    }
    await using writer = await store.open(id, new HeardOutput(), { secrets });
    const summary = await writer.seal();
    const all = await readAll(store, id);
    let lost = 0;
    for (const [type, lines] of [
      ['stdout', 30_000],
      ['stderr', 15_000],
    ] as const) {
      const whole = linesOf(0, lines).replaceAll('line ..', '********').repeat(3);
      const { head, tail, lostBytes } = gapIn(all, type);
      expect(whole.startsWith(head)).toBe(true);
      expect(whole.endsWith(tail)).toBe(true);
      expect(head.length + lostBytes + tail.length).toBe(whole.length);
      lost += lostBytes;
    }
    expect(summary).toMatchObject({ lost_bytes: lost, lines: 3 * 45_000 });
    expect(await store.summary(id)).toEqual(summary);
    const sizes = await Promise.all(['stdout', 'stderr'].map((name) => stat(join(writer.directory, name))));
    expect(sizes.reduce((sum, { blocks }) => sum + blocks * 512, 0)).toBeLessThan(bytesMax * 1.5);
  });

  test('a process that writes on meanwhile notices nothing', async (context) => {
    await using directory = await temporaryDirectory();
    const store = await cappedStore(directory.path, context, { clock: systemClock });
    const id = sampleId();
    const heard = new HeardOutput();
    await using writer = await store.open(id, heard);
    const child = spawn('/bin/sh', ['-c', "exec >>stdout; yes 'a line of the flood' | head -n 1000000; echo end"], {
      cwd: writer.directory,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
    await writer.catchUp();
    const { bytes, lines, lost_bytes } = await writer.seal();
    expect([bytes, lines]).toEqual([20_000_004, 1_000_001]);
    const { head, tail, lostBytes } = gapIn(await readAll(store, id), 'stdout');
    expect(lost_bytes).toBe(lostBytes);
    expect(head.length + lostBytes + tail.length).toBe(bytes);
    expect(tail.endsWith('a line of the flood\nend\n')).toBe(true);
    expect(textOf(heard.records).length).toBe(bytes);
  });

  test('where no hole can be punched all is kept, and that is told once', async (context) => {
    await using directory = await temporaryDirectory();
    const refusals: unknown[] = [];
    const cap = {
      punchHole: () => Promise.reject(new Error('no holes here')),
      refused: (error: unknown) => void refusals.push(error),
    };
    const store = await cappedStore(directory.path, context, { cap });
    for (let round = 0; round < 2; round++) {
      const id = sampleId();
      await using writer = await store.open(id, new HeardOutput());
      await print(writer, 60_000);
      expect(await writer.seal()).toMatchObject({ lost_bytes: 0 });
      expect(textOf(await readAll(store, id)) === linesOf(0, 60_000)).toBe(true);
    }
    expect(refusals).toEqual([new Error('no holes here')]);
  });

  test('output within it is left alone', async (context) => {
    await using directory = await temporaryDirectory();
    const cap = { punchHole: () => Promise.reject(new Error('not to be called')) };
    const store = await cappedStore(directory.path, context, { cap });
    const id = sampleId();
    await using writer = await store.open(id, new HeardOutput());
    await print(writer, 20_000);
    expect(await writer.seal()).toMatchObject({ lost_bytes: 0, lines: 20_000 });
  });
});
