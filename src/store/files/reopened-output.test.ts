/**
 * Actions that open their own stdout or stderr once more (`echo x > /dev/stderr`): it is a file, and is emptied or
 * overwritten by that. Real shells do it here.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HeardOutput, readAll, textOf } from '../../../test/support/output-log.ts';
import { sampleId } from '../../../test/support/sample-execution.ts';
import { heardAll, rawText, until } from '../../../test/support/changed-output.ts';
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { ManualClock, systemClock } from '../../base/clock.ts';
import type { OutputWriter } from '../output-store.ts';
import { OutputFiles } from './output-files.ts';

/** A process with stdout and stderr appended to the log, as the runners start it. It runs on until `finish`. */
class Action implements AsyncDisposable {
  readonly #child;

  constructor({ directory }: OutputWriter) {
    this.#child = spawn('/bin/bash', ['-c', 'bash 1>>stdout 2>>stderr'], {
      cwd: directory,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
  }

  does(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  async finish(): Promise<void> {
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.stdin.end();
    if (this.#child.exitCode === null) await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) await this.finish();
  }
}

describe('an action that opens its own output again', () => {
  test('loses nothing that it printed before, and is heard at once', async () => {
    await using directory = await temporaryDirectory();
    const store = new OutputFiles(directory.path, systemClock);
    const id = sampleId();
    const heard = new HeardOutput();
    await using writer = await store.open(id, heard);
    await using action = new Action(writer);
    action.does('echo one >&2; echo two >&2');
    await heard.until(heardAll('two\n'));
    action.does('echo x > /dev/stderr');
    await heard.until(heardAll('x\n'));
    action.does('echo three >&2; echo out');
    await heard.until(({ text }) => text.includes('three\n') && text.includes('out\n'));
    // More than once in ten milliseconds is taken for what cannot be kept up with.
    await new Promise((resolve) => setTimeout(resolve, 20));
    action.does('echo y > /dev/stderr');
    await heard.until(heardAll('y\n'));
    await action.finish();
    expect(await writer.seal()).toEqual({ records: 6, lines: 6, bytes: 22, lost_bytes: 0 });
    const text = 'one\ntwo\nx\nthree\ny\n';
    expect(textOf(heard.records, 'stderr')).toBe(text);
    expect(await readAll(store, id)).toEqual(heard.records);
    expect(await rawText(store, id, 'stderr')).toBe(text);
    expect(await writer.kept('stderr', 1_000)).toEqual({ text, cutBytes: 0 });
    expect((await writer.kept('stderr', 10)).text).toMatch(/^one\nt\n\[8 of 18 .*\]\nee\ny\n$/);
    expect(await rawText(store, id, 'stdout')).toBe('out\n');
  });

  test('may print the same once more: it is seen by the time of the file alone', async () => {
    await using directory = await temporaryDirectory();
    const store = new OutputFiles(directory.path, systemClock);
    const id = sampleId();
    const heard = new HeardOutput();
    await using writer = await store.open(id, heard);
    await using action = new Action(writer);
    for (let times = 1; times <= 4; times++) {
      action.does('echo trying again > /dev/stdout');
      await heard.until(({ text }) => text === 'trying again\n'.repeat(times));
      // Times of files are as fine as the ticks of the system.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await action.finish();
    expect(await writer.seal()).toMatchObject({ bytes: 52, lost_bytes: 0 });
    expect(await readAll(store, id)).toEqual(heard.records);
  });

  test('an unfinished line that it takes away had been seen, and stays', async () => {
    await using directory = await temporaryDirectory();
    const clock = new ManualClock();
    const store = new OutputFiles(directory.path, clock);
    const heard = new HeardOutput();
    await using writer = await store.open(sampleId(), heard);
    writer.write('stdout', Buffer.from('Password: '));
    expect(heard.text).toBe('');
    writeFileSync(join(writer.directory, 'stdout'), 'ok\n');
    clock.advance(1_000);
    await heard.until(heardAll('ok\n'));
    expect(heard.records.map(({ data }) => data)).toEqual(['Password: ', 'ok\n']);
  });

  test('what a program writes into the midst of it, where others append, is heard as well', async () => {
    await using directory = await temporaryDirectory();
    const store = new OutputFiles(directory.path, systemClock);
    const id = sampleId();
    const heard = new HeardOutput();
    await using writer = await store.open(id, heard);
    await using action = new Action(writer);
    action.does('exec 9> >(exec tee /dev/stderr >/dev/null)');
    action.does('echo first >&9');
    await heard.until(heardAll('first\n'));
    action.does('echo a long line that somebody else appends >&2');
    await heard.until(heardAll('appends\n'));
    // tee goes on where it was: over the long line.
    action.does('echo second >&9');
    await heard.until(heardAll('second\n'));
    action.does('echo third >&9');
    await heard.until(heardAll('third\n'));
    action.does('echo at the end >&2; exec 9>&-');
    await heard.until(heardAll('at the end\n'));
    await action.finish();
    const summary = await writer.seal();
    const lines = ['first', 'a long line that somebody else appends', 'second', 'third', 'at the end', ''];
    expect(textOf(heard.records)).toBe(lines.join('\n'));
    expect(summary.lost_bytes, 'tee may have written over what nobody had read yet').toBe(-1);
    expect(await readAll(store, id)).toEqual(heard.records);
  });

  test('what was written over and followed by nothing is found at the end', async () => {
    await using directory = await temporaryDirectory();
    const store = new OutputFiles(directory.path, new ManualClock());
    const id = sampleId();
    await using writer = await store.open(id, new HeardOutput());
    writer.write('stdout', Buffer.from('head\nlong line that is written over\nwith a tail after it\n'));
    const fd = openSync(join(writer.directory, 'stdout'), 'r+');
    writeSync(fd, 'short\n', 5);
    closeSync(fd);
    await writer.catchUp();
    expect(textOf(await readAll(store, id))).toBe(
      'head\nlong line that is written over\nwith a tail after it\nshort\n',
    );
  });

  test('a flood that it empties is not held: what is missing is marked where it was, with its size', async () => {
    await using directory = await temporaryDirectory();
    const clock = new ManualClock();
    const store = new OutputFiles(directory.path, clock);
    const id = sampleId();
    const heard = new HeardOutput();
    const flood = `${'x'.repeat(99)}\n`.repeat(5_000);
    const end = { text: 'after\nand on\n', bytes: 13 };
    {
      await using writer = await store.open(id, heard);
      writer.write('stderr', Buffer.from('before\n'));
      writer.write('stdout', Buffer.from(flood));
      writer.flush();
      const live = heard.records.length;
      expect(textOf(heard.records, 'stdout')).toBe(flood);
      writeFileSync(join(writer.directory, 'stdout'), 'after\n');
      clock.advance(1_000);
      await heard.until(heardAll('after\n'));
      expect(
        heard.records.slice(live).map(({ data, lostBytes }) => [data, lostBytes]),
        'followers miss nothing',
      ).toEqual([['after\n', 0]]);
      appendFileSync(join(writer.directory, 'stdout'), 'and on\n');
      expect(await writer.seal()).toMatchObject({ bytes: flood.length + 20, lost_bytes: flood.length });
      const kept = await writer.kept('stdout', 1_000);
      expect(kept.text).toMatch(/^\[500000 bytes are lost here: .*\]\nafter\nand on\n$/);
      expect(kept.cutBytes).toBe(flood.length);
    }
    for (let reopened = 0; reopened < 2; reopened++) {
      const records = await readAll(store, id);
      const shown = records.map(({ type, data, lostBytes }) => [type, data, lostBytes]);
      expect(shown).toEqual([
        ['stderr', 'before\n', 0],
        ['stdout', '', flood.length],
        ['stdout', 'after\n', 0],
        ['stdout', 'and on\n', 0],
      ]);
      expect(records.slice(2)).toEqual(heard.records.slice(-2));
      for (let afterSeq = 1; afterSeq <= heard.records.length; afterSeq += 997) {
        const wanted = records.filter(({ seq }) => seq > afterSeq);
        const read = await readAll(store, id, { afterSeq, bytesMax: 1 });
        expect(textOf(read)).toBe(textOf(wanted));
      }
      expect(await rawText(store, id, 'stdout')).toBe('\x1a'.repeat(flood.length) + end.text);
      expect(await store.summary(id)).toMatchObject({ lost_bytes: flood.length });
      await using writer = await store.open(id, new HeardOutput());
      expect(await writer.seal()).toMatchObject({ bytes: flood.length + 7 + end.bytes, lost_bytes: flood.length });
    }
  });

  test('a flood into whose midst somebody writes is still read from where it is', async () => {
    await using directory = await temporaryDirectory();
    const clock = new ManualClock();
    const store = new OutputFiles(directory.path, clock);
    const id = sampleId();
    const heard = new HeardOutput();
    const flood = `${'x'.repeat(99)}\n`.repeat(5_000);
    await using writer = await store.open(id, heard);
    writer.write('stdout', Buffer.from(`${flood}tail\n`));
    writer.flush();
    const fd = openSync(join(writer.directory, 'stdout'), 'r+');
    writeSync(fd, 'TAIL\nmore\n', flood.length);
    closeSync(fd);
    clock.advance(1_000);
    await heard.until(heardAll('more\n'));
    expect(textOf(heard.records)).toBe(`${flood}tail\nTAIL\nmore\n`);
    expect(textOf(await readAll(store, id))).toBe(`${flood}tail\nTAIL\nmore\n`);
    // Now it is emptied after all.
    writeFileSync(join(writer.directory, 'stdout'), 'new\n');
    clock.advance(1_000);
    await heard.until(heardAll('new\n'));
    const read = await readAll(store, id);
    expect(textOf(read).endsWith('TAIL\nmore\nnew\n')).toBe(true);
    expect(read[0]).toMatchObject({ data: '' });
    expect((await writer.seal()).lost_bytes, 'two wrote over each other').toBe(-1);
  });

  test('who goes on writing far behind the new end leaves a hole, which is no output', async () => {
    await using directory = await temporaryDirectory();
    const clock = new ManualClock();
    const store = new OutputFiles(directory.path, clock);
    const id = sampleId();
    const heard = new HeardOutput();
    await using writer = await store.open(id, heard);
    const path = join(writer.directory, 'stdout');
    writer.write('stdout', Buffer.from('one\n'));
    truncateSync(path);
    const fd = openSync(path, 'r+');
    writeSync(fd, 'two\n', 3_000_000);
    clock.advance(1_000);
    await heard.until(heardAll('two\n'));
    writeSync(fd, 'three\n', 3_000_004);
    closeSync(fd);
    await writer.catchUp();
    expect(await writer.seal()).toMatchObject({ bytes: 14, lost_bytes: 0 });
    expect(textOf(await readAll(store, id))).toBe('one\ntwo\nthree\n');
  });

  test('what comes and goes too quickly to be read is marked, once a second', async () => {
    await using directory = await temporaryDirectory();
    const clock = new ManualClock();
    const store = new OutputFiles(directory.path, clock);
    const id = sampleId();
    await using writer = await store.open(id, new HeardOutput());
    const path = join(writer.directory, 'stdout');
    for (let times = 0; times < 10; times++) {
      writer.write('stdout', Buffer.from(`${times}\n`));
      truncateSync(path);
    }
    await writer.catchUp();
    const records = await readAll(store, id);
    expect(textOf(records)).toBe('0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n');
    expect(records.filter(({ lostBytes }) => lostBytes === -1)).toHaveLength(1);
  });

  test('an emptied file is looked at even where looks are bundled', async () => {
    await using directory = await temporaryDirectory();
    const store = new OutputFiles(directory.path, new ManualClock());
    const id = sampleId();
    const heard = new HeardOutput();
    heard.wanted = false;
    await using writer = await store.open(id, heard);
    const path = join(writer.directory, 'stdout');
    appendFileSync(path, 'at once\n');
    await until(() => writer.bytes === 8);
    // Time stands still: what is bundled never comes.
    appendFileSync(path, 'bundled\n');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(writer.bytes).toBe(8);
    writeFileSync(path, 'new\n');
    await until(() => writer.bytes === 12);
    const records = await readAll(store, id);
    expect(records.map(({ data, lostBytes }) => [data, lostBytes])).toEqual([
      ['at once\n', 0],
      ['', -1],
      ['new\n', 0],
    ]);
  });
});
