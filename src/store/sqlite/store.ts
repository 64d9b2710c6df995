/** The embedded store: SQLite in a thread of its own behind the port. */
import { closeSync, fchmodSync, openSync } from 'node:fs';
import { Fault, messageOf } from '../../base/errors.ts';
import type { Store } from '../store.ts';
import { sqlAccessStore } from '../sql/access.ts';
import { sqlContentStore } from '../sql/content.ts';
import { ExecutionRows, type ParameterSeal } from '../sql/execution-rows.ts';
import { sqlExecutionStore } from '../sql/executions.ts';
import { rememberedContent } from './remembered-content.ts';
import { type CommitWatch, SqliteSession } from './session.ts';

export interface SqliteStoreOptions {
  /** File, or `:memory:`. */
  readonly path: string;
  /** The bundled `worker.ts`: threads cannot load TypeScript on Node 20. */
  readonly workerUrl: URL;
  readonly seal: ParameterSeal;
  /** Called once where the database is lost while it is in use: nothing can be kept any more. */
  readonly onLost?: (fault: Fault) => void;
  readonly watch?: CommitWatch;
}

export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  if (options.path !== ':memory:') makePrivate(options.path);
  const session = await SqliteSession.open(options.path, options.workerUrl, options);
  return {
    executions: sqlExecutionStore(session, new ExecutionRows(session, options.seal)),
    content: rememberedContent(sqlContentStore(session)),
    access: sqlAccessStore(session),
    counters: () => ({ commits: session.commits, units: session.units }),
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

/** Results and contexts are nobody else's business. SQLite gives its log files the mode of the database file. */
function makePrivate(path: string): void {
  try {
    const fd = openSync(path, 'a', 0o600);
    try {
      fchmodSync(fd, 0o600);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw new Fault('store_failed', `database ${path}: ${messageOf(error)}`, { cause: error });
  }
}
