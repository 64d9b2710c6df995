/** Logs with secrets as they rest on the disk. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HeardOutput, readAll, textOf } from '../../../test/support/output-log.ts';
import { sampleId } from '../../../test/support/sample-execution.ts';
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { sampleSeal } from '../../../test/support/text-seal.ts';
import { ManualClock } from '../../base/clock.ts';
import { OutputFiles } from './output-files.ts';

const secret = 'hunter2-and-more';

async function writeLog(directory: string, id: string): Promise<void> {
  const store = new OutputFiles(directory, new ManualClock(), { seal: sampleSeal() });
  await using writer = await store.open(id, new HeardOutput(), { secrets: [secret] });
  writer.write('stdout', Buffer.from(`it is ${secret}\n`));
  writer.write('stdout', Buffer.from('it is\n'), 'web1');
  await writer.seal();
}

async function indexPath(directory: string, id: string): Promise<string> {
  const [bucket = ''] = await readdir(directory);
  return join(directory, bucket, `${id}.index`);
}

describe('secrets of a log at rest', () => {
  test('are sealed: in clear they are only where the action printed them', async () => {
    await using directory = await temporaryDirectory();
    const id = sampleId();
    await writeLog(directory.path, id);
    const files = await readdir(directory.path, { recursive: true, withFileTypes: true });
    const holding: string[] = [];
    for (const file of files) {
      if (!file.isFile()) continue;
      const bytes = await readFile(join(file.parentPath, file.name));
      if (bytes.includes(secret) || bytes.includes(Buffer.from(secret).toString('base64'))) holding.push(file.name);
    }
    expect(holding).toEqual(['stdout']);
  });

  test('hide the same for a later server with the same key', async () => {
    await using directory = await temporaryDirectory();
    const id = sampleId();
    await writeLog(directory.path, id);
    const store = new OutputFiles(directory.path, new ManualClock(), { seal: sampleSeal() });
    expect(textOf(await readAll(store, id))).toBe('it is ********\nit is\n');
    expect((await store.raw(id, 'stdout', { start: 0, bytesMax: 100 }))?.toString()).toBe('it is ********\nit is\n');
  });

  test('that cannot be unsealed have the output refused, not shown as it is', async () => {
    await using directory = await temporaryDirectory();
    const id = sampleId();
    await writeLog(directory.path, id);
    const store = new OutputFiles(directory.path, new ManualClock(), { seal: sampleSeal(8) });
    const refusal = /^this output is not shown: the secrets to hide in it cannot be read/;
    await expect(readAll(store, id)).rejects.toThrow(refusal);
    await expect(store.raw(id, 'stdout', { start: 0, bytesMax: 100 })).rejects.toThrow(refusal);
    await expect(store.open(id, new HeardOutput(), { secrets: [secret] })).rejects.toThrow(refusal);
    expect(await store.summary(id)).toMatchObject({ records: 2, lost_bytes: 0 });
  });

  test('are needed: without a seal no log with secrets is begun', async () => {
    await using directory = await temporaryDirectory();
    const store = new OutputFiles(directory.path, new ManualClock());
    await expect(store.open(sampleId(), new HeardOutput(), { secrets: [secret] })).rejects.toThrow('needs a seal');
  });

  test('an index of another version is refused with its name', async () => {
    await using directory = await temporaryDirectory();
    const id = sampleId();
    await writeLog(directory.path, id);
    const path = await indexPath(directory.path, id);
    const index = await readFile(path);
    const store = new OutputFiles(directory.path, new ManualClock(), { seal: sampleSeal() });
    index.write('stormtail-out 1\n', 'latin1');
    await writeFile(path, index);
    const refusal = `the index of output ${path} is of version 1, expected 2`;
    await expect(readAll(store, id)).rejects.toThrow(refusal);
    await expect(store.open(id, new HeardOutput())).rejects.toThrow(refusal);
    index.write('something else', 'latin1');
    await writeFile(path, index);
    await expect(readAll(store, id)).rejects.toThrow(`the index of output ${path} is damaged`);
  });

  test('output that is in no index is shown to nobody', async () => {
    await using directory = await temporaryDirectory();
    const id = sampleId();
    const store = new OutputFiles(directory.path, new ManualClock(), { seal: sampleSeal() });
    const writer = await store.open(id, new HeardOutput(), { secrets: [secret] });
    await writer[Symbol.asyncDispose]();
    await writeFile(join(writer.directory, 'stdout'), `it is ${secret}\n`);
    expect(await store.raw(id, 'stdout', { start: 0, bytesMax: 100 })).toBeUndefined();
  });
});
