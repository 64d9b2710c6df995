/** What was acknowledged is there after the process was killed without warning. */
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { storeWorker } from '../../../test/support/store-worker.ts';
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { openSqliteStore } from './store.ts';

const root = join(import.meta.dirname, '../../..');

/** Resolves with the ids said by a writer that was killed after it had said `killAfter` of them. */
async function writeAndKill(path: string, workerUrl: URL, killAfter: number): Promise<readonly string[]> {
  const child = spawn(
    process.execPath,
    ['tools/run.mjs', 'test/support/acknowledged-writer.ts', path, workerUrl.href],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (said.length >= killAfter * 25) child.kill('SIGKILL');
  });
  const signal = await new Promise((resolve) => child.on('close', (_code, by) => resolve(by)));
  expect(signal).toBe('SIGKILL');
  // What tools/run.mjs would have removed at a peaceful end.
  await rm(join(root, `.build/support-acknowledged-writer-${child.pid}.mjs`), { force: true });
  return said.split('\n').filter((line) => line.length === 24);
}

test('everything acknowledged before kill -9 is found, finished and with its result', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'a.db');
  const workerUrl = await storeWorker();
  const seal = {
    seal: (_: unknown, values: object) => ({ ...values }),
    open: (_: unknown, values: object) => ({ ...values }),
  };
  let acknowledged: readonly string[] = [];
  // The second round opens what the first left behind: a log that was never closed.
  for (const killAfter of [50, 400]) {
    acknowledged = [...acknowledged, ...(await writeAndKill(path, workerUrl, killAfter))];
    await using store = await openSqliteStore({ path, workerUrl, seal });
    for (const id of acknowledged) {
      expect(await store.executions.find(id, 'whole')).toMatchObject({ id, status: 'succeeded', result: { id } });
    }
  }
  expect(new Set(acknowledged).size).toBeGreaterThanOrEqual(450);
});
