/**
 * The database thread: SQLite calls block, and a commit waits for the disk, so neither may happen on the event loop.
 * Each batch of requests is one transaction with one sync to disk (`synchronous=FULL`): durable writes cost a share of a
 * commit instead of one each. A unit that fails is rolled back to its savepoint and fails alone.
 */
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { migrations, newestMigration } from '../sql/migrations.ts';
import type { Row, Statement } from '../sql/session.ts';
import type { Answer, Request, ToMain, ToWorker, WorkerOptions } from './protocol.ts';

interface Prepared {
  all(...parameters: unknown[]): unknown[];
  run(...parameters: unknown[]): { changes: number | bigint };
}

interface Database {
  exec(sql: string): void;
  prepare(sql: string): Prepared;
  close(): void;
}

/** At module level on purpose: on Node 20 a database handle that is only reachable through its statements crashes the process. */
let database: Database;
const prepared = new Map<string, Prepared>();

/** Less room than SQLite needs to extend its log. */
const fullBelowBytes = 1024 * 1024;

/** Texts of statements are few (lists vary by filter); beyond this something composes them from values. */
const preparedMax = 500;

async function open(path: string): Promise<void> {
  // The one that comes with Node from 22.13; before, a package with the same interface. The variable keeps the choice at run time.
  const module: string = hasBuiltIn(process.versions.node) ? 'node:sqlite' : '@photostructure/sqlite';
  const { DatabaseSync } = await import(module);
  database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = FULL');
  database.exec('PRAGMA busy_timeout = 5000');
  database.exec('PRAGMA foreign_keys = ON');
  database.exec('PRAGMA temp_store = MEMORY');
  // 64 MB: indexes of some millions of executions stay in memory.
  database.exec('PRAGMA cache_size = -65536');
  migrate();
}

function hasBuiltIn(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 13);
}

function migrate(): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(
      'CREATE TABLE IF NOT EXISTS migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL, breaking BIGINT NOT NULL)',
    );
    const done = new Map(
      (database.prepare('SELECT number, breaking FROM migrations').all() as { number: number; breaking: number }[]).map(
        (row) => [row.number, row],
      ),
    ); // our own table
    const unknown = [...done.values()].find((row) => row.number > newestMigration && row.breaking === 1);
    if (unknown) {
      throw new Error(
        `the database is of a newer version (schema ${unknown.number}, this program knows up to ${newestMigration}); start the newer program, or restore a backup`,
      );
    }
    for (const migration of migrations) {
      if (done.has(migration.number)) continue;
      for (const sql of migration.sql) database.exec(sql);
      database
        .prepare('INSERT INTO migrations (number, name, breaking) VALUES (?, ?, ?)')
        .run(migration.number, migration.name, migration.breaking ? 1 : 0);
    }
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

function prepare(sql: string): Prepared {
  let found = prepared.get(sql);
  if (!found) {
    if (prepared.size >= preparedMax) prepared.clear();
    found = database.prepare(sql);
    prepared.set(sql, found);
  }
  return found;
}

const returnsRows = /^\s*(?:SELECT|WITH)\b|\bRETURNING\b/i;

function execute(statement: Statement): { rows: readonly Row[]; touched: number } {
  const prepared = prepare(statement.sql);
  if (returnsRows.test(statement.sql)) {
    const rows = prepared.all(...statement.parameters) as Row[]; // columns are text, integers and nulls by schema
    return { rows, touched: rows.length };
  }
  return { rows: [], touched: Number(prepared.run(...statement.parameters).changes) };
}

/** The rows of a unit's statements, or null after undoing it because a statement found nothing to touch. */
function runUnit(unit: readonly Statement[]): readonly (readonly Row[])[] | null {
  if (unit.length === 1 && unit[0]) return runAlone(unit[0]);
  database.exec('SAVEPOINT unit');
  try {
    const all: (readonly Row[])[] = [];
    for (const statement of unit) {
      const { rows, touched } = execute(statement);
      if (statement.mustTouch && touched === 0) {
        database.exec('ROLLBACK TO unit');
        database.exec('RELEASE unit');
        return null;
      }
      all.push(rows);
    }
    database.exec('RELEASE unit');
    return all;
  } catch (error) {
    if (isFull(error)) throw error;
    database.exec('ROLLBACK TO unit');
    database.exec('RELEASE unit');
    throw error;
  }
}

/** One statement is atomic by itself; one that touches nothing has nothing to undo. */
function runAlone(statement: Statement): readonly (readonly Row[])[] | null {
  const { rows, touched } = execute(statement);
  return statement.mustTouch && touched === 0 ? null : [rows];
}

function reasonOf(message: string): 'full' | 'unique' | 'other' {
  if (/database or disk is full|No space left/i.test(message)) return 'full';
  // Growing the shared memory of the log fails with an I/O error where the disk is full.
  if (/disk I\/O error/i.test(message) && isDiskFull()) return 'full';
  return /UNIQUE constraint failed/i.test(message) ? 'unique' : 'other';
}

function isDiskFull(): boolean {
  const { bavail, bsize } = statfsSync(dirname(options.path));
  return bavail * bsize < fullBelowBytes;
}

/** After a full disk SQLite may have ended the whole transaction by itself: the batch is lost, not only this unit. */
function isFull(error: unknown): boolean {
  return error instanceof Error && reasonOf(error.message) === 'full';
}

function failed(error: unknown): Answer {
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'error', reason: reasonOf(message), message };
}

function runBatch(requests: readonly Request[]): { answers: readonly Answer[]; committed: boolean } {
  const writes = requests.some((request) => request.kind === 'write');
  const answers: Answer[] = [];
  try {
    if (writes) database.exec('BEGIN IMMEDIATE');
    for (const request of requests) {
      try {
        const rows = request.kind === 'read' ? [execute(request.statement).rows] : runUnit(request.unit);
        answers.push({ kind: 'rows', rows });
      } catch (error) {
        if (writes && isFull(error)) throw error;
        answers.push(failed(error));
      }
    }
    if (writes) database.exec('COMMIT');
    return { answers, committed: writes };
  } catch (error) {
    try {
      database.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself (full disk); there is nothing left to undo.
    }
    const answer = failed(error);
    return { answers: requests.map(() => answer), committed: false };
  }
}

function say(message: ToMain): void {
  parentPort?.postMessage(message);
}

const options = workerData as WorkerOptions; // handed over by SqliteSession, the only one that starts this file
try {
  await open(options.path);
  parentPort?.on('message', (message: ToWorker) => {
    if (message.kind === 'close') {
      database.close();
      parentPort?.close();
      return;
    }
    say({ kind: 'answers', ...runBatch(message.requests) });
  });
  say({ kind: 'ready' });
} catch (error) {
  say({ kind: 'unusable', message: error instanceof Error ? error.message : String(error) });
  parentPort?.close();
}
