/** The SQLite store: the port's promises on real files, and what only this adapter promises. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { SecretBox } from '../../base/secret-box.ts';
import { mapSecrets } from '../../core/model/secret.ts';
import { sampleAction, sampleExecution, sampleRunnerType, sampleUs } from '../../../test/support/sample-execution.ts';
import { storeWorker } from '../../../test/support/store-worker.ts';
import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { newestMigration } from '../sql/migrations.ts';
import type { ParameterSeal } from '../sql/execution-rows.ts';
import { statement } from '../sql/session.ts';
import type { Store } from '../store.ts';
import { storeContract } from '../store.contract.ts';
import { SqliteSession } from './session.ts';
import { openSqliteStore } from './store.ts';

const run = promisify(execFile);

function sealWith(key: Buffer): ParameterSeal {
  const box = new SecretBox(key);
  return {
    seal: (schemas, parameters) => mapSecrets(schemas, parameters, (value) => box.seal(value)),
    open: (schemas, parameters) => mapSecrets(schemas, parameters, (value) => box.open(value)),
  };
}

const seal = sealWith(Buffer.alloc(32, 1));

async function openAt(path: string, parameterSeal = seal): Promise<Store> {
  return openSqliteStore({ path, workerUrl: await storeWorker(), seal: parameterSeal });
}

async function openFile(): Promise<Store> {
  const directory = await temporaryDirectory();
  const store = await openAt(join(directory.path, 'test.db'));
  return {
    ...store,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

storeContract('SQLite in a file', openFile);
storeContract('SQLite in memory', () => openAt(':memory:'));

describe('SQLite files', () => {
  test('everything is there when the file is opened again', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'a.db');
    const execution = sampleExecution({ status: 'running' });
    {
      await using store = await openAt(path);
      await store.executions.insert(execution);
      await store.executions.finish(execution.id, { to: 'failed', atUs: 5, endUs: 4, result: { a: 1 } });
      await store.access.writeSetting('name', 'value');
    }
    await using store = await openAt(path);
    expect(await store.executions.find(execution.id, 'whole')).toMatchObject({ status: 'failed', result: { a: 1 } });
    expect(await store.access.readSetting('name')).toBe('value');
  });

  test('a file of a newer, breaking schema is refused and left as it is', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'a.db');
    await (await openAt(path))[Symbol.asyncDispose]();
    const newer = newestMigration + 1;
    await markMigrated(path, newer, 1);
    const before = await readFile(path);
    await expect(openAt(path)).rejects.toMatchObject({
      code: 'store_failed',
      message: expect.stringMatching(
        new RegExp(`a\\.db: the database is of a newer version \\(schema ${newer}, .* up to ${newestMigration}\\)`),
      ),
    });
    expect(await readFile(path)).toEqual(before);
  });

  test('a file of a newer schema that older programs may share is opened', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'a.db');
    await (await openAt(path))[Symbol.asyncDispose]();
    await markMigrated(path, newestMigration + 1, 0);
    await using store = await openAt(path);
    await store.executions.insert(sampleExecution());
  });

  test('a file that is no database, or a directory that is not there, is a fault that names it', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'a.db');
    await writeFile(path, 'certainly not a database, but long enough to look at. '.repeat(100));
    await expect(openAt(path)).rejects.toMatchObject({
      code: 'store_failed',
      message: expect.stringContaining(path),
    });
    await expect(openAt(join(directory.path, 'none/a.db'))).rejects.toMatchObject({ code: 'store_failed' });
  });

  test('secret parameters never reach the file in clear, whoever marks them secret', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'a.db');
    const secret = () => `s3cret-${randomBytes(12).toString('hex')}`;
    const [byAction, byRunner, nested] = [secret(), secret(), secret()];
    const plain = secret();
    const execution = sampleExecution({
      action: sampleAction({
        parameters: {
          token: { type: 'string', secret: true },
          login: { type: 'object', properties: { password: { type: 'string', secret: true } } },
          plain: { type: 'string' },
        },
      }),
      runner: sampleRunnerType({ runner_parameters: { sudo_password: { type: 'string', secret: true } } }),
      parameters: { token: byAction, sudo_password: byRunner, login: { password: nested }, plain },
    });
    {
      await using store = await openAt(path);
      await store.executions.insert(execution);
      expect(await store.executions.find(execution.id)).toEqual(execution);
      // While it is open there are the files beside it as well: log and shared memory.
      expect(await bytesIn(directory.path)).toContain(plain);
      for (const text of [byAction, byRunner, nested]) expect(await bytesIn(directory.path)).not.toContain(text);
    }
    for (const text of [byAction, byRunner, nested]) expect(await bytesIn(directory.path)).not.toContain(text);
    {
      await using store = await openAt(path);
      expect(await store.executions.find(execution.id)).toEqual(execution);
    }
    await using store = await openAt(path, sealWith(Buffer.alloc(32, 2)));
    // With another key it is still listed, claimed and finished: only its secrets are not to be had, and it says why.
    expect(await store.executions.find(execution.id)).toMatchObject({
      unreadable: expect.stringContaining('cannot be opened'),
      parameters: { token: '********', sudo_password: '********', login: { password: '********' }, plain },
    });
  });

  test('a full disk is told as storage_full, what was stored stays, and work goes on when there is room', async (context) => {
    await using directory = await temporaryDirectory();
    const disk = join(directory.path, 'disk');
    await mkdir(disk);
    try {
      await run('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', disk]);
    } catch (error) {
      if (process.env.CI === 'true') throw error;
      context.skip(`cannot mount a small disk to fill: ${String(error).split('\n')[1] ?? error}`);
    }
    try {
      await using store = await openAt(join(disk, 'a.db'));
      const first = sampleExecution({ status: 'running' });
      await store.executions.insert(first);
      const ballast = join(disk, 'ballast');
      await writeFile(ballast, Buffer.alloc(1024 * 1024));
      const refused = await writeUntilRefused(store);
      expect(refused.error).toMatchObject({ code: 'storage_full' });
      expect(await store.executions.find(first.id)).toEqual(first);
      expect(await store.executions.find(refused.id)).toBeUndefined();
      // Asked together with others, everybody hears of it and nothing hangs.
      const big = { text: 'x'.repeat(2_000_000) };
      const together = await Promise.allSettled([
        store.executions.insert(sampleExecution({ parameters: big })),
        store.executions.insert(sampleExecution({ parameters: big })),
      ]);
      for (const one of together) expect(one).toMatchObject({ status: 'rejected', reason: { code: 'storage_full' } });
      await rm(ballast);
      const finished = await store.executions.finish(first.id, { to: 'succeeded', atUs: 1, endUs: 1, result: {} });
      expect(finished?.status).toBe('succeeded');
      expect((await store.executions.list({ sort: [], limit: 1, offset: 0, withResult: false })).total).toBe(
        refused.stored + 1,
      );
    } finally {
      await run('umount', ['-l', disk]);
    }
  });
});

describe('units of statements', () => {
  async function openSession(): Promise<SqliteSession> {
    const session = await SqliteSession.open(':memory:', await storeWorker());
    await session.write([statement('CREATE TABLE things (name TEXT PRIMARY KEY, n BIGINT)')]);
    return session;
  }
  const insert = (name: string, n = 0) => statement('INSERT INTO things (name, n) VALUES (?, ?)', name, n);
  const names = async (session: SqliteSession) =>
    (await session.read(statement('SELECT name FROM things ORDER BY name'))).map((row) => row.name);

  test('a unit that has nothing to touch where it must leaves nothing behind, and the others of its commit stay', async () => {
    await using session = await openSession();
    const missing = { ...statement('UPDATE things SET n = 1 WHERE name = ?', 'none'), mustTouch: true };
    const [before, missed, alone, after] = await Promise.all([
      session.write([insert('before')]),
      session.write([insert('undone'), missing, insert('never')]),
      session.write([missing]),
      session.write([
        insert('after'),
        { ...statement('UPDATE things SET n = 1 WHERE name = ?', 'after'), mustTouch: true },
      ]),
    ]);
    expect([before, missed, alone, after]).toEqual([[[]], undefined, undefined, [[], []]]);
    expect(await names(session)).toEqual(['after', 'before']);
  });

  test('a unit that fails in the middle leaves nothing behind, and the others of its commit stay', async () => {
    await using session = await openSession();
    const commits = session.commits;
    const answers = await Promise.allSettled([
      session.write([insert('a')]),
      session.write([insert('b'), insert('a')]),
      session.write([insert('c'), statement('INSERT INTO nowhere VALUES (1)')]),
      session.write([insert('d')]),
    ]);
    expect(answers.map((answer) => (answer.status === 'fulfilled' ? 'done' : answer.reason.code))).toEqual([
      'done',
      'conflict',
      'store_failed',
      'done',
    ]);
    expect(await names(session)).toEqual(['a', 'd']);
    expect(session.commits - commits).toBe(1);
  });

  test('rows come back per statement, where a statement returns any', async () => {
    await using session = await openSession();
    const returning = statement('INSERT INTO things (name, n) VALUES (?, ?) RETURNING name, n', 'x', 7);
    expect(await session.write([insert('w'), returning])).toEqual([[], [{ name: 'x', n: 7 }]]);
  });

  test('a commit waits for the disk', async () => {
    await using directory = await temporaryDirectory();
    await using session = await SqliteSession.open(join(directory.path, 'a.db'), await storeWorker());
    // 2 is FULL: the log is synced at every commit.
    expect(await session.read(statement('SELECT synchronous FROM pragma_synchronous'))).toEqual([{ synchronous: 2 }]);
    expect(await session.read(statement('SELECT journal_mode AS m FROM pragma_journal_mode'))).toEqual([{ m: 'wal' }]);
  });

  test('reading alone commits nothing', async () => {
    await using session = await openSession();
    const { commits, units } = session;
    await Promise.all([names(session), names(session)]);
    expect([session.commits, session.units]).toEqual([commits, units]);
  });
});

async function markMigrated(path: string, number: number, breaking: 0 | 1): Promise<void> {
  await using session = await SqliteSession.open(path, await storeWorker());
  await session.write([
    statement('INSERT INTO migrations (number, name, breaking) VALUES (?, ?, ?)', number, 'of the future', breaking),
  ]);
}

async function bytesIn(directory: string): Promise<string> {
  const files = await readdir(directory);
  return (await Promise.all(files.map((file) => readFile(join(directory, file), 'latin1')))).join('');
}

async function writeUntilRefused(store: Store): Promise<{ error: unknown; id: string; stored: number }> {
  for (let stored = 0; stored < 1_000; stored++) {
    const execution = sampleExecution({ start_us: sampleUs + stored, parameters: { text: 'x'.repeat(100_000) } });
    try {
      await store.executions.insert(execution);
    } catch (error) {
      return { error, id: execution.id, stored };
    }
  }
  throw new Error('the disk took everything');
}
