/**
 * Writes executions into a SQLite store until it is killed, and says each id on standard output once it was
 * acknowledged. Run with tools/run.mjs; arguments: database file, URL of the store worker.
 */
import { writeSync } from 'node:fs';
import { objectIds } from '../../src/base/object-id.ts';
import { systemClock } from '../../src/base/clock.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { sampleExecution } from './sample-execution.ts';

const [path = '', workerUrl = ''] = process.argv.slice(2);
const store = await openSqliteStore({
  path,
  workerUrl: new URL(workerUrl),
  seal: { seal: (_, parameters) => parameters, open: (_, parameters) => parameters },
});
const newId = objectIds(() => systemClock.nowUs());

async function writeOn(): Promise<never> {
  for (;;) {
    const id = newId();
    await store.executions.insert(sampleExecution({ id, status: 'running' }));
    await store.executions.finish(id, { to: 'succeeded', atUs: 1, endUs: 1, result: { id } });
    // Straight to the pipe: what is killed must have said everything it knows.
    writeSync(1, `${id}\n`);
  }
}

await Promise.all(Array.from({ length: 20 }, writeOn));
