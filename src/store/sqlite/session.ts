/**
 * The main thread's side of the database thread. Requests that arrive while a batch is under way wait and go together
 * as the next one: the busier it is, the more callers share a commit.
 */
import { Worker } from 'node:worker_threads';
import { Fault } from '../../base/errors.ts';
import type { Row, SqlSession, Statement } from '../sql/session.ts';
import type { Answer, Request, ToMain, WorkerOptions } from './protocol.ts';

interface Waiting {
  readonly request: Request;
  readonly resolve: (rows: readonly (readonly Row[])[] | undefined) => void;
  readonly reject: (error: Fault) => void;
}

/** Whoever wants to know how commits go. */
export interface CommitWatch {
  monotonicUs(): number;
  /** After each commit: writes in it, and how long the batch was under way. */
  committed(units: number, tookUs: number): void;
}

export interface SessionOptions {
  /** Called once where the thread dies while it is in use. */
  readonly onLost?: (fault: Fault) => void;
  readonly watch?: CommitWatch;
}

/** More requests than this wait in line and the next is refused: the callers are then better off trying later. */
const waitingMax = 200_000;
/** Bounds how long one transaction keeps others waiting. */
const batchMax = 2_000;

export class SqliteSession implements SqlSession, AsyncDisposable {
  readonly #worker: Worker;
  readonly #options: SessionOptions;
  /** Requests not yet handed over. */
  #waiting: Waiting[] = [];
  /** The batch under way; empty when the thread is idle. */
  #underWay: Waiting[] = [];
  #flushScheduled = false;
  #handedOverUs = 0;
  #closing: Promise<void> | undefined;
  #died: Fault | undefined;
  commits = 0;
  units = 0;

  private constructor(worker: Worker, options: SessionOptions) {
    this.#worker = worker;
    this.#options = options;
  }

  /**
   * Opens or creates the database and brings its schema up to date. `store_failed` where that cannot be done.
   */
  static async open(path: string, workerUrl: URL, options: SessionOptions = {}): Promise<SqliteSession> {
    const workerData: WorkerOptions = { path };
    // Newer Nodes warn that their own SQLite is young; older ones do not know the flag.
    const execArgv = Number(process.versions.node.split('.')[0]) >= 22 ? ['--disable-warning=ExperimentalWarning'] : [];
    const worker = new Worker(workerUrl, { workerData, name: 'store', execArgv });
    const session = new SqliteSession(worker, options);
    await new Promise<void>((resolve, reject) => {
      const refuse = (message: string, cause?: unknown) =>
        reject(new Fault('store_failed', `database ${path}: ${message}`, { cause }));
      worker.on('message', (message: ToMain) => {
        if (message.kind === 'ready') resolve();
        else if (message.kind === 'unusable') refuse(message.message);
        else session.#settle(message.answers, message.committed);
      });
      worker.on('error', (error) => {
        refuse(String(error), error);
        session.#fail(new Fault('store_failed', `database ${path}: its thread failed: ${error}`, { cause: error }));
      });
      worker.on('exit', () => session.#fail(new Fault('store_failed', `database ${path} is closed`)));
    });
    return session;
  }

  async read(statement: Statement): Promise<readonly Row[]> {
    return (await this.#ask({ kind: 'read', statement }))?.[0] ?? [];
  }

  async write(unit: readonly Statement[]): Promise<readonly (readonly Row[])[] | undefined> {
    return this.#ask({ kind: 'write', unit });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    while (this.#waiting.length + this.#underWay.length > 0 && !this.#died) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
    if (this.#died) return;
    const ended = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    this.#worker.postMessage({ kind: 'close' });
    await ended;
  }

  #idle: (() => void)[] = [];

  #ask(request: Request): Promise<readonly (readonly Row[])[] | undefined> {
    if (this.#died) return Promise.reject(this.#died);
    if (this.#waiting.length >= waitingMax)
      return Promise.reject(new Fault('busy', 'the database has too many requests waiting; try again later'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      if (this.#underWay.length === 0 && !this.#flushScheduled) {
        this.#flushScheduled = true;
        // After the current round of callbacks, so that everybody who asks within it shares the commit.
        setImmediate(() => this.#flush());
      }
    });
  }

  #flush(): void {
    this.#flushScheduled = false;
    if (this.#underWay.length > 0 || this.#waiting.length === 0 || this.#died) return;
    this.#underWay = this.#waiting.length <= batchMax ? this.#waiting : this.#waiting.slice(0, batchMax);
    this.#waiting = this.#waiting.length <= batchMax ? [] : this.#waiting.slice(batchMax);
    this.#handedOverUs = this.#options.watch?.monotonicUs() ?? 0;
    this.#worker.postMessage({ kind: 'batch', requests: this.#underWay.map((waiting) => waiting.request) });
  }

  #settle(answers: readonly Answer[], committed: boolean): void {
    const batch = this.#underWay;
    this.#underWay = [];
    const unitsBefore = this.units;
    batch.forEach((waiting, index) => {
      const answer = answers[index];
      if (waiting.request.kind === 'write') this.units += 1;
      if (answer?.kind === 'rows') waiting.resolve(answer.rows ?? undefined);
      else waiting.reject(faultOf(answer));
    });
    if (committed) this.#countCommit(this.units - unitsBefore);
    this.#flush();
    if (this.#waiting.length + this.#underWay.length === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #countCommit(units: number): void {
    this.commits += 1;
    const { watch } = this.#options;
    watch?.committed(units, watch.monotonicUs() - this.#handedOverUs);
  }

  /** The thread is gone. Unless it was closed, nothing can be kept any more, and whoever opened the store has to know. */
  #fail(fault: Fault): void {
    if (!this.#died && !this.#closing) this.#options.onLost?.(fault);
    this.#died ??= fault;
    for (const waiting of [...this.#underWay.splice(0), ...this.#waiting.splice(0)]) waiting.reject(fault);
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

function faultOf(answer: Extract<Answer, { kind: 'error' }> | undefined): Fault {
  switch (answer?.reason) {
    case 'full':
      return new Fault('storage_full', `the disk that holds the database is full (${answer.message}); free some space`);
    case 'unique':
      return new Fault('conflict', `Tried to save duplicate unique keys (${answer.message})`);
    case 'other':
      return new Fault('store_failed', `the database refused a request: ${answer.message}`);
    case undefined:
      return new Fault('store_failed', 'the database gave no answer');
  }
}
