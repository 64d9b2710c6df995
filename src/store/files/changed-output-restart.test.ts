/** Output files that were emptied or overwritten, where the server was started again before, meanwhile or after. */
import { appendFileSync, closeSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { heardAll, rawText, until } from '../../../test/support/changed-output.ts';
import { HeardOutput, readAll, textOf } from '../../../test/support/output-log.ts';
import { sampleId } from '../../../test/support/sample-execution.ts';
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { ManualClock } from '../../base/clock.ts';
import { copyHeaderBytes } from './output-copy.ts';
import { OutputFiles } from './output-files.ts';

describe('a log whose file was emptied, after a restart', () => {
  test('goes on in the new file and keeps the old text, however often', async () => {
    await using directory = await temporaryDirectory();
    const store = new OutputFiles(directory.path, new ManualClock());
    const id = sampleId();
    let wanted = '';
    for (let round = 0; round < 5; round++) {
      const clock = new ManualClock();
      const heard = new HeardOutput();
      const writer = await new OutputFiles(directory.path, clock).open(id, heard);
      const path = join(writer.directory, 'stdout');
      appendFileSync(path, `${round} appended\n`);
      clock.advance(1_000);
      writeFileSync(path, `${round} new\n`);
      clock.advance(1_000);
      wanted += `${round} appended\n${round} new\n`;
      await heard.until(heardAll(`${round} new\n`));
      expect(textOf(await readAll(store, id))).toBe(wanted);
      await writer[Symbol.asyncDispose]();
      appendFileSync(path, `${round} meanwhile\n`);
      wanted += `${round} meanwhile\n`;
    }
    await using writer = await store.open(id, new HeardOutput());
    expect(await writer.seal()).toMatchObject({ lines: 15, lost_bytes: 0 });
    expect(await rawText(store, id, 'stdout')).toBe(wanted);
  });

  test('emptied while nobody looked: what was there is marked, what is new is taken in', async () => {
    for (const [first, then] of [
      ['one\ntwo\n', 'n\n'],
      ['one\ntwo\n', ''],
      ['one\ntwo\n', 'a longer text than before, and one line\n'],
    ] as const) {
      await using directory = await temporaryDirectory();
      const clock = new ManualClock();
      const store = new OutputFiles(directory.path, clock);
      const id = sampleId();
      const heard = new HeardOutput();
      let raw: string;
      {
        await using writer = await store.open(id, heard);
        raw = join(writer.directory, 'stdout');
        writer.write('stdout', Buffer.from(first));
        writer.write('stderr', Buffer.from('err\n'));
      }
      await writeFile(raw, then);
      {
        await using writer = await store.open(id, heard);
        appendFileSync(raw, 'end\n');
        expect(await writer.seal()).toMatchObject({ lost_bytes: first.length });
      }
      const records = await readAll(store, id);
      expect(records.map(({ data, lostBytes }) => [data, lostBytes]).slice(0, 2)).toEqual([
        ['', first.length],
        ['err\n', 0],
      ]);
      expect(textOf(records, 'stdout')).toBe(`${then}end\n`);
      expect(records.at(-1)?.seq).toBe(heard.records.at(-1)?.seq);
    }
  });

  test('a crash in the midst of it leaves a copy without a header, which is none', async () => {
    await using directory = await temporaryDirectory();
    const store = new OutputFiles(directory.path, new ManualClock());
    const id = sampleId();
    let path: string;
    {
      await using writer = await store.open(id, new HeardOutput());
      path = join(writer.directory, 'stdout');
      writer.write('stdout', Buffer.from('one\n'));
    }
    await writeFile(`${path}.copy`, `${'\0'.repeat(copyHeaderBytes)}on`);
    expect(textOf(await readAll(store, id))).toBe('one\n');
    await using writer = await store.open(id, new HeardOutput());
    writer.write('stdout', Buffer.from('two\n'));
    truncateSync(path);
    writer.write('stdout', Buffer.from('three\n'));
    expect(await writer.seal()).toMatchObject({ lost_bytes: 0 });
    expect(textOf(await readAll(store, id))).toBe('one\ntwo\nthree\n');
  });

  test('a crash between copy and index, or before the file was known to be read anew, loses and doubles nothing', async () => {
    await using directory = await temporaryDirectory();
    const clock = new ManualClock();
    const store = new OutputFiles(directory.path, clock);
    const id = sampleId();
    let path: string;
    {
      await using writer = await store.open(id, new HeardOutput());
      path = join(writer.directory, 'stdout');
      writer.write('stdout', Buffer.from('one\n'));
      writeFileSync(path, 'two\n');
      clock.advance(1_000);
      await until(() => writer.bytes === 8);
    }
    // Copied and not indexed.
    appendFileSync(`${path}.copy`, 'thr');
    appendFileSync(path, 'three\n');
    {
      await using writer = await store.open(id, new HeardOutput());
      expect(writer.bytes).toBe(14);
    }
    // Emptied, with nobody there to see it: all of it is in the copy.
    writeFileSync(path, 'four\n');
    await using writer = await store.open(id, new HeardOutput());
    expect(await writer.seal()).toMatchObject({ bytes: 19, lost_bytes: 0 });
    expect(textOf(await readAll(store, id))).toBe('one\ntwo\nthree\nfour\n');
    expect((await stat(`${path}.copy`)).size).toBe(copyHeaderBytes + 19);
  });

  test('a sealed log whose file is emptied by a process left behind says what is missing', async () => {
    await using directory = await temporaryDirectory();
    const store = new OutputFiles(directory.path, new ManualClock());
    const id = sampleId();
    await using writer = await store.open(id, new HeardOutput());
    writer.write('stdout', Buffer.from('one\ntwo\n'));
    await writer.seal();
    await truncate(join(writer.directory, 'stdout'), 3);
    const records = await readAll(store, id);
    expect(records.map(({ data, lostBytes }) => [data, lostBytes])).toEqual([['', 8]]);
    expect(readFileSync(join(writer.directory, 'stdout'), 'utf8')).toBe('one');
  });
});

test('appending, emptying, overwriting and restarting in any order, each looked at, shows each line once and in order', async () => {
  for (let seed = 1; seed <= 25; seed++) {
    await using directory = await temporaryDirectory();
    const clock = new ManualClock();
    const store = new OutputFiles(directory.path, clock);
    const id = sampleId();
    const heard = new HeardOutput();
    const next = sequence(seed);
    let writer = await store.open(id, heard);
    const path = join(writer.directory, 'stdout');
    let wanted = '';
    for (let step = 0; step < 40; step++) {
      const line = `${seed}.${step} ${'.'.repeat(next(60))}\n`;
      const kind = next(10);
      // What is written over the first line cannot be told from another text.
      const isOneLine = !readFileSync(path, 'utf8').slice(0, -1).includes('\n');
      if (kind < 5 || (kind === 7 && isOneLine)) appendFileSync(path, line);
      else if (kind < 7) writeFileSync(path, line);
      else if (kind < 8) {
        // A shorter line changes nothing but the time of the file, which ticks every few milliseconds.
        await new Promise((resolve) => setTimeout(resolve, 15));
        overwriteLastLine(path, line);
      } else {
        await writer[Symbol.asyncDispose]();
        writer = await store.open(id, heard);
        continue;
      }
      wanted += line;
      clock.advance(2_000);
      await until(
        () => heard.text.length >= wanted.length,
        () => `seed ${seed}, step ${step}, kind ${kind}`,
      );
    }
    const summary = await writer.seal();
    expect(heard.text, `seed ${seed}`).toBe(wanted);
    expect(textOf(await readAll(store, id)), `seed ${seed}`).toBe(wanted);
    expect(await rawText(store, id, 'stdout')).toBe(wanted);
    expect(summary.bytes).toBe(wanted.length);
  }
});

/** As `tee` would that was behind: over the beginning of the last line, and beyond its end. */
function overwriteLastLine(path: string, line: string): void {
  const bytes = readFileSync(path);
  const at = bytes.lastIndexOf('\n', bytes.length - 2) + 1;
  const fd = openSync(path, 'r+');
  writeSync(fd, line, at);
  closeSync(fd);
}

function sequence(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return (state >>> 8) % below;
  };
}
