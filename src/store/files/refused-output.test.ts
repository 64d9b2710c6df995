/** Output logs where the system refuses something: descriptors, a device that fails, a name that is taken. */
import { execFile } from 'node:child_process';
import { appendFileSync, readdirSync, readlinkSync } from 'node:fs';
import { mkdir, readdir, rmdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { HeardOutput, readAll, textOf } from '../../../test/support/output-log.ts';
import { sampleId } from '../../../test/support/sample-execution.ts';
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { ManualClock, systemClock } from '../../base/clock.ts';
import { OutputFiles } from './output-files.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../..');

describe('what the system refuses', () => {
  test('an index that cannot be written is told once and tried again; nothing is thrown at the system, nothing is lost', async () => {
    await using directory = await temporaryDirectory();
    const clock = new ManualClock();
    const store = new OutputFiles(directory.path, clock);
    const id = sampleId();
    const heard = new FailingOutput();
    await using writer = await store.open(id, heard);
    const index = await indexPath(directory.path, id);
    await mkdir(index);
    appendFileSync(join(writer.directory, 'stdout'), 'line\n');
    await heard.failure;
    clock.advance(5_000);
    expect(heard.failures).toEqual([expect.objectContaining({ code: 'EISDIR' })]);
    expect(() => writer.flush()).toThrow('EISDIR');
    await rmdir(index);
    clock.advance(1_000);
    expect(heard.text).toBe('line\n');
    expect(await writer.seal()).toEqual({ records: 1, lines: 1, bytes: 5, lost_bytes: 0 });
    expect(heard.failures).toHaveLength(1);
  });

  test('the end waits a moment for what the system refuses', async () => {
    await using directory = await temporaryDirectory();
    const store = new OutputFiles(directory.path, systemClock);
    const id = sampleId();
    const heard = new FailingOutput();
    await using writer = await store.open(id, heard);
    const index = await indexPath(directory.path, id);
    await mkdir(index);
    appendFileSync(join(writer.directory, 'stdout'), 'line\n');
    const sealed = writer.seal();
    await heard.failure;
    await rmdir(index);
    expect(await sealed).toMatchObject({ bytes: 5, lost_bytes: 0 });
  });

  test('a listener that fails does not have the output taken in twice', async () => {
    await using directory = await temporaryDirectory();
    const store = new OutputFiles(directory.path, new ManualClock());
    const id = sampleId();
    const failures: unknown[] = [];
    const heard = new HeardOutput();
    let isBroken = true;
    await using writer = await store.open(id, {
      isWanted: () => true,
      appended: (segments) => {
        if (isBroken) throw new Error('broken');
        heard.appended(segments);
      },
      storageFull: () => {},
      failed: (error) => void failures.push(error),
    });
    expect(() => writer.write('stdout', Buffer.from('one\n'))).toThrow('broken');
    isBroken = false;
    writer.write('stdout', Buffer.from('two\n'));
    expect(heard.text).toBe('two\n');
    expect(textOf(await readAll(store, id))).toBe('one\ntwo\n');
  });

  test('a disk that cannot be made to keep it: the seal says so once everything else is done, and nothing stays open', async () => {
    await using directory = await temporaryDirectory();
    const store = new OutputFiles(directory.path, new ManualClock());
    const id = sampleId();
    const openBefore = openFiles(directory.path);
    const writer = await store.open(id, new HeardOutput());
    // What is written to it can be written, and not be made durable.
    await symlink('/dev/null', await indexPath(directory.path, id));
    writer.write('stdout', Buffer.from('line\n'));
    writer.write('stderr', Buffer.from('line\n'));
    await expect(writer.seal()).rejects.toThrow('EINVAL');
    expect(openFiles(directory.path)).toEqual(openBefore);
    await writer[Symbol.asyncDispose]();
  });

  test('without descriptors a log is not opened, with the reason; one that is open goes on when there are some', async () => {
    await using directory = await temporaryDirectory();
    const program = ['node', 'tools/run.mjs', 'test/support/starved-output.ts', directory.path];
    const { stdout } = await run('sh', ['-c', 'ulimit -n 100 && exec "$@"', 'sh', ...program], {
      cwd: root,
      timeout: 15_000,
    });
    expect(JSON.parse(stdout)).toEqual({
      opening: 'busy: EMFILE: too many open files',
      failures: ['EMFILE'],
      heardThen: '',
      heardLater: 'starved\n',
      leaked: 0,
    });
  });
});

async function indexPath(output: string, id: string): Promise<string> {
  const [bucket = ''] = await readdir(output);
  return join(output, bucket, `${id}.index`);
}

class FailingOutput extends HeardOutput {
  readonly failures: unknown[] = [];
  #failed: () => void = () => {};
  readonly failure = new Promise<void>((resolve) => {
    this.#failed = resolve;
  });

  failed(error: unknown): void {
    this.failures.push(error);
    this.#failed();
  }
}

/** Files below a path that this process has open. */
function openFiles(path: string): readonly string[] {
  return readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return ''; // the one that listed them
      }
    })
    .filter((target) => target.startsWith(path));
}
