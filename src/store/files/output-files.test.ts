/** Output logs in files: the port's promises, and what only files have to care about. */
import { execFile } from 'node:child_process';
import { appendFileSync, truncateSync } from 'node:fs';
import { link, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, type TestContext, test } from 'vitest';
import { HeardOutput, readAll, textOf } from '../../../test/support/output-log.ts';
import { sampleId } from '../../../test/support/sample-execution.ts';
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { ManualClock, systemClock } from '../../base/clock.ts';
import { sampleSeal } from '../../../test/support/text-seal.ts';
import { outputRedactionContract } from '../output-redaction.contract.ts';
import { outputLanesContract } from '../output-lanes.contract.ts';
import { type OpenEmptyOutputStore, outputStoreContract } from '../output-store.contract.ts';
import { OutputFiles } from './output-files.ts';
import { entrySize } from './output-index.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../..');

const openEmpty: OpenEmptyOutputStore = async (clock) => {
  const directory = await temporaryDirectory();
  return {
    store: new OutputFiles(join(directory.path, 'output'), clock, { seal: sampleSeal() }),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
};
outputStoreContract('files', openEmpty);
outputLanesContract('files', openEmpty);
outputRedactionContract('files', openEmpty);

async function indexPath(output: string, id: string): Promise<string> {
  const [bucket = ''] = await readdir(output);
  return join(output, bucket, `${id}.index`);
}

/** A disk of 64 KiB to fill, or undefined, having skipped the test, where none can be mounted. */
async function smallDisk(path: string, context: TestContext): Promise<AsyncDisposable | undefined> {
  await mkdir(path);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path]);
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    context.skip(`cannot mount a small disk to fill: ${String(error).split('\n')[1] ?? error}`);
  }
  return { [Symbol.asyncDispose]: async () => void (await run('umount', ['-l', path])) };
}

describe('files of output', () => {
  test('nobody but the service user may look into them', async () => {
    await using directory = await temporaryDirectory();
    const output = join(directory.path, 'output');
    await mkdir(output, { mode: 0o755 });
    const store = new OutputFiles(output, new ManualClock());
    const id = sampleId();
    await using writer = await store.open(id, new HeardOutput());
    writer.write('stdout', Buffer.from('secret\n'));
    expect((await stat(output)).mode & 0o777).toBe(0o700);
    expect((await stat(writer.directory)).mode & 0o077).toBe(0);
    expect((await stat(join(writer.directory, 'stdout'))).mode & 0o077).toBe(0);
    expect((await stat(await indexPath(output, id))).mode & 0o077).toBe(0);
  });

  test('an index entry that a crash tore is cut off, and its bytes are taken in again', async () => {
    for (const kept of [1, entrySize - 1]) {
      await using directory = await temporaryDirectory();
      const store = new OutputFiles(directory.path, new ManualClock());
      const id = sampleId();
      {
        await using writer = await store.open(id, new HeardOutput());
        writer.write('stdout', Buffer.from('one\n'));
        writer.write('stdout', Buffer.from('two\nthree\n'));
      }
      const index = await indexPath(directory.path, id);
      await truncate(index, (await stat(index)).size - entrySize + kept);
      expect(textOf(await readAll(store, id)), 'read before it was opened again').toBe('one\n');
      {
        await using writer = await store.open(id, new HeardOutput());
        writer.write('stdout', Buffer.from('four\n'));
        await writer.seal();
      }
      const all = await readAll(store, id);
      expect(textOf(all)).toBe('one\ntwo\nthree\nfour\n');
      expect(all.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
      expect(await store.summary(id)).toEqual({ records: 4, lines: 4, bytes: 19, lost_bytes: 0 });
    }
  });

  test('entries that the disk never got are cut off as well: the file may be long and end in zeros', async () => {
    await using directory = await temporaryDirectory();
    const store = new OutputFiles(directory.path, new ManualClock());
    const id = sampleId();
    {
      await using writer = await store.open(id, new HeardOutput());
      writer.write('stderr', Buffer.from('one\n'));
      writer.write('stderr', Buffer.from('two\n'));
    }
    const index = await indexPath(directory.path, id);
    const { size } = await stat(index);
    await truncate(index, size - entrySize);
    await truncate(index, size + 3 * entrySize);
    {
      await using writer = await store.open(id, new HeardOutput());
      expect(await writer.seal()).toEqual({ records: 2, lines: 2, bytes: 8, lost_bytes: 0 });
    }
    for (const bytesMax of [1, 1_000]) {
      expect(textOf(await readAll(store, id, { bytesMax }))).toBe('one\ntwo\n');
      expect(textOf(await readAll(store, id, { bytesMax, afterSeq: 1 }))).toBe('two\n');
    }
    expect((await stat(index)).size).toBe(size);
  });

  test('entries for bytes that the disk never got are cut off: what is written there later is other text', async () => {
    await using directory = await temporaryDirectory();
    const store = new OutputFiles(directory.path, new ManualClock());
    const id = sampleId();
    let raw: string;
    {
      await using writer = await store.open(id, new HeardOutput());
      writer.write('stdout', Buffer.from('one\n'));
      writer.write('stdout', Buffer.from('two\n'));
      raw = join(writer.directory, 'stdout');
    }
    await truncate(raw, 'one\ntw'.length);
    {
      await using writer = await store.open(id, new HeardOutput());
      writer.write('stdout', Buffer.from('o, again\n'));
      expect(await writer.seal()).toEqual({ records: 2, lines: 2, bytes: 15, lost_bytes: 0 });
    }
    expect((await readAll(store, id)).map(({ seq, data }) => [seq, data])).toEqual([
      [1, 'one\n'],
      [2, 'two, again\n'],
    ]);
  });

  test('an index cut down to less than its header begins again with all the bytes', async () => {
    await using directory = await temporaryDirectory();
    const store = new OutputFiles(directory.path, new ManualClock());
    const id = sampleId();
    {
      await using writer = await store.open(id, new HeardOutput());
      writer.write('stdout', Buffer.from('one\n'));
    }
    truncateSync(await indexPath(directory.path, id), 5);
    await using writer = await store.open(id, new HeardOutput());
    expect(await writer.seal()).toMatchObject({ records: 1, bytes: 4 });
    expect(textOf(await readAll(store, id))).toBe('one\n');
  });

  test('growth that the file system did not tell of is found within a second', async () => {
    await using directory = await temporaryDirectory();
    const clock = new ManualClock();
    const store = new OutputFiles(directory.path, clock);
    const heard = new HeardOutput();
    await using writer = await store.open(sampleId(), heard);
    // Changes by another name, in a directory that nobody watches.
    const otherName = join(directory.path, 'other-name');
    await link(join(writer.directory, 'stdout'), otherName);
    appendFileSync(otherName, 'quietly\n');
    expect(heard.text).toBe('');
    clock.advance(1_000);
    expect(heard.text).toBe('quietly\n');
  });

  test('where the system grants no watch, growth is looked for often', async (context) => {
    await using directory = await temporaryDirectory();
    // A user namespace of its own has its own limit of watches: the machine's stays as it is.
    const script = 'echo 0 > /proc/sys/user/max_inotify_watches && exec "$@"';
    try {
      await run('unshare', ['--user', '--map-root-user', 'sh', '-c', script, 'sh', 'true']);
    } catch (error) {
      if (process.env.CI === 'true') throw error;
      context.skip(`cannot take away the watches: ${String(error).split('\n')[1] ?? error}`);
    }
    const program = ['node', 'tools/run.mjs', 'test/support/unwatched-output.ts', directory.path];
    const { stdout } = await run('unshare', ['--user', '--map-root-user', 'sh', '-c', script, 'sh', ...program], {
      cwd: root,
      timeout: 15_000,
    });
    const answer: unknown = JSON.parse(stdout);
    expect(answer).toEqual({ watch: 'ENOSPC', text: 'heard\n', withinMs: expect.any(Number) });
    // Every 25 ms; a busy machine may be late, the poll behind working watches would be a second.
    expect(answer).toSatisfy(({ withinMs }: { withinMs: number }) => withinMs < 600);
  });

  test('a full disk is told once, output goes on when there is room, and nothing is missing then', async (context) => {
    await using directory = await temporaryDirectory();
    const disk = join(directory.path, 'disk');
    await using _mounted = await smallDisk(disk, context);
    const store = new OutputFiles(join(disk, 'output'), new ManualClock());
    const id = sampleId();
    const heard = new HeardOutput();
    await using writer = await store.open(id, heard);
    // The index fills its pages entry by entry: at some line there is no room for the next page of it.
    const ballast = join(disk, 'ballast');
    await writeFile(ballast, '');
    writer.write('stdout', Buffer.from('line\n'));
    await fill(ballast);
    let lines = 1;
    while (heard.timesFull === 0 && lines < 800) {
      writer.write('stdout', Buffer.from('line\n'));
      lines += 1;
    }
    expect(heard.timesFull).toBe(1);
    writer.write('stdout', Buffer.from('line\n'));
    lines += 1;
    expect(heard.timesFull).toBe(1);
    await rm(ballast);
    writer.write('stdout', Buffer.from('last\n'));
    expect(await writer.seal()).toMatchObject({ records: lines + 1, lines: lines + 1, lost_bytes: 0 });
    expect(textOf(await readAll(store, id))).toBe(`${'line\n'.repeat(lines)}last\n`);
    expect(await readAll(store, id)).toEqual(heard.records);
  });

  test('on a full disk, output of hosts waits in memory; what is more than that is lost, and counted', async (context) => {
    await using directory = await temporaryDirectory();
    const disk = join(directory.path, 'disk');
    await using _mounted = await smallDisk(disk, context);
    const clock = new ManualClock();
    const store = new OutputFiles(join(disk, 'output'), clock);
    const id = sampleId();
    const heard = new HeardOutput();
    await using writer = await store.open(id, heard);
    writer.write('stdout', Buffer.from('first\n'), 'web1');
    const ballast = join(disk, 'ballast');
    await writeFile(ballast, '');
    await fill(ballast);
    const line = `${'x'.repeat(1_023)}\n`;
    for (let at = 0; at < 8; at++) writer.write('stdout', Buffer.from(line), 'web1');
    clock.advance(10);
    expect(heard.timesFull).toBe(1);
    await rm(ballast);
    clock.advance(1_000);
    expect(heard.text).toBe(`first\n${line.repeat(8)}`);
    await fill(ballast);
    const flood = Buffer.from(line.repeat(6 * 1_024));
    writer.write('stdout', flood, 'web2');
    await rm(ballast);
    const { bytes, lost_bytes } = await writer.seal();
    expect(lost_bytes).toBeGreaterThan(1_000_000);
    expect(bytes + lost_bytes).toBe(6 + 8 * 1_024 + flood.length);
  });

  test('a process that was left behind and prints as fast as it is read is not waited for', async () => {
    await using directory = await temporaryDirectory();
    const store = new OutputFiles(directory.path, new ManualClock());
    const flood = Buffer.from('y\n'.repeat(300_000));
    let told = 0;
    await using writer = await store.open(sampleId(), {
      isWanted: () => true,
      // Each read is followed by more than it took.
      appended: () => {
        told += 1;
        if (told > 100) throw new Error('the end is never reached');
        appendFileSync(join(writer.directory, 'stdout'), flood);
      },
      storageFull: () => {},
    });
    await writeFile(join(writer.directory, 'stdout'), flood);
    let turns = 0;
    const others = setInterval(() => {
      turns += 1;
    }, 0);
    await writer.catchUp();
    clearInterval(others);
    writer.flush();
    expect((await writer.seal()).bytes).toBeGreaterThanOrEqual(flood.length);
    expect(turns, 'others had their turn between the pieces').toBeGreaterThan(0);
  });

  test('retention removes buckets that are empty', async () => {
    await using directory = await temporaryDirectory();
    const store = new OutputFiles(directory.path, systemClock);
    const id = sampleId();
    await (await store.open(id, new HeardOutput()))[Symbol.asyncDispose]();
    await store.remove(id);
    expect(await readdir(directory.path)).toHaveLength(1);
    for await (const one of store.ids(systemClock.nowUs())) throw new Error(`not expected: ${one}`);
    expect(await readdir(directory.path)).toEqual([]);
  });

  test('files of others among the output are left alone', async () => {
    await using directory = await temporaryDirectory();
    const store = new OutputFiles(directory.path, systemClock);
    const id = sampleId();
    await (await store.open(id, new HeardOutput()))[Symbol.asyncDispose]();
    const bucket = join(directory.path, id.slice(0, 5));
    await mkdir(join(directory.path, '.snapshots'));
    for (const name of ['.note', '00000', '00000.tar']) await writeFile(join(directory.path, name), '');
    await writeFile(join(bucket, '.note'), '');
    const found: string[] = [];
    for await (const one of store.ids(systemClock.nowUs())) found.push(one);
    expect(found).toEqual([id]);
    await store.remove(id);
    for await (const one of store.ids(systemClock.nowUs())) throw new Error(`not expected: ${one}`);
    expect((await readdir(directory.path)).sort()).toEqual([
      '.note',
      '.snapshots',
      '00000',
      '00000.tar',
      id.slice(0, 5),
    ]);
    expect(await readdir(bucket)).toEqual(['.note']);
  });

  test('raw output rests as it was printed', async () => {
    await using directory = await temporaryDirectory();
    const store = new OutputFiles(directory.path, new ManualClock());
    await using writer = await store.open(sampleId(), new HeardOutput());
    writer.write('stderr', Buffer.from([1, 2, 3]));
    expect(await readFile(join(writer.directory, 'stderr'))).toEqual(Buffer.from([1, 2, 3]));
  });
});

/** Takes what room there is, page by page. */
async function fill(path: string): Promise<void> {
  const page = Buffer.alloc(4096);
  for (;;) {
    try {
      appendFileSync(path, page);
    } catch {
      return; // it is full, which is what was wanted
    }
  }
}
