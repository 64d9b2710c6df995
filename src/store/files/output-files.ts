/**
 * Output on disk: `<root>/<bucket>/<execution id>/` holds the raw files, `<bucket>/<id>.index` the index (outside the
 * watched directory, so that writing it wakes nobody). A bucket is about an hour of ids: retention drops old buckets.
 */
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { type ErrorCode, Fault, messageOf, systemCode } from '../../base/errors.ts';
import type { OutputSummary } from '../../core/model/execution.ts';
import type { OutputType } from '../../core/model/output-record.ts';
import type {
  OutputListener,
  OutputOptions,
  OutputPage,
  OutputStore,
  OutputWish,
  OutputWriter,
} from '../output-store.ts';
import { HeldBudget } from './held-bytes.ts';
import { hostsPath } from './host-names.ts';
import { IndexReader } from './index-reader.ts';
import type { OutputCap } from './kept-cap.ts';
import { LogRedaction } from './log-redaction.ts';
import { LookBudget } from './look-budget.ts';
import { OutputBytes } from './output-bytes.ts';
import { emptyPage, readPage } from './output-reader.ts';
import { OutputSource } from './output-source.ts';
import { emptySummary } from './output-summary.ts';
import { FileOutputWriter } from './output-writer.ts';
import { SealedSecrets, type TextSeal } from './sealed-secrets.ts';
import { readShown, type ShownPlace, substitute } from './shown-output.ts';

const bucketName = /^[0-9a-f]{5}$/;
const idName = /^[0-9a-f]{24}$/;

/** Readers of raw output of which it is known where they go on. */
const placesMax = 64;

/** What the system says when a log cannot be opened, and what it means to who wanted it. */
const openFaults: Readonly<Record<string, ErrorCode>> = {
  EMFILE: 'busy',
  ENFILE: 'busy',
  ENOSPC: 'storage_full',
  EDQUOT: 'storage_full',
  EACCES: 'home_unusable',
  EPERM: 'home_unusable',
  EROFS: 'home_unusable',
  ENOTDIR: 'home_unusable',
  EIO: 'home_unusable',
};

export interface OutputFilesOptions {
  readonly seal?: TextSeal;
  /** Bounds what is kept of each execution; absent: all is. */
  readonly cap?: OutputCap;
}

export class OutputFiles implements OutputStore {
  readonly #root: string;
  readonly #clock: Clock;
  readonly #budget = new LookBudget();
  readonly #heldBudget = new HeldBudget();
  /** Logs that are written here now. */
  readonly #growing = new Map<string, FileOutputWriter>();
  readonly #secrets: SealedSecrets;
  #cap: OutputCap | undefined;
  /** By execution and type, the least recently used first. */
  readonly #places = new Map<string, ShownPlace>();

  /** `seal` keeps the secrets that are hidden in output; without it there can be none. */
  constructor(root: string, clock: Clock, { seal, cap }: OutputFilesOptions = {}) {
    this.#cap = cap && cap.bytesMax > 0 ? { ...cap, refused: (error) => this.#capRefused(cap, error) } : undefined;
    this.#secrets = new SealedSecrets(seal);
    this.#root = root;
    this.#clock = clock;
    mkdirSync(root, { recursive: true, mode: 0o700 });
    // Output may hold secrets. It is kept as it was printed, and redacted where it leaves.
    chmodSync(root, 0o700);
  }

  directory(executionId: string): string {
    return this.#paths(executionId).directory;
  }

  async open(executionId: string, listener: OutputListener, options: OutputOptions = {}): Promise<OutputWriter> {
    const paths = this.#paths(executionId);
    const redaction = new LogRedaction(this.#secrets, options.secrets ?? [], options.printedAtOnce);
    try {
      mkdirSync(paths.directory, { recursive: true, mode: 0o700 });
      const writer: FileOutputWriter = new FileOutputWriter(paths, {
        clock: this.#clock,
        listener,
        budget: this.#budget,
        heldBudget: this.#heldBudget,
        redaction,
        cap: this.#cap,
        closed: () => {
          if (this.#growing.get(executionId) === writer) this.#growing.delete(executionId);
        },
      });
      this.#growing.set(executionId, writer);
      return writer;
    } catch (error) {
      const code = openFaults[systemCode(error) ?? ''];
      if (!code) throw error;
      const message = `the output of execution ${executionId} cannot be kept: ${messageOf(error)}`;
      throw new Fault(code, message, { cause: error });
    }
  }

  async read(executionId: string, wish: OutputWish): Promise<OutputPage> {
    // A follower that has it all is answered without a look at the files; there are two such questions per execution.
    const growing = this.#growing.get(executionId);
    if (growing && wish.afterSeq >= growing.endSeq) return emptyPage(wish, growing.endSeq);
    const page = await this.#reading(executionId, (index, source) => readPage(index, source, wish));
    return page ?? emptyPage(wish, 0);
  }

  async summary(executionId: string): Promise<OutputSummary | undefined> {
    const paths = this.#paths(executionId);
    const isKnown = existsSync(paths.directory);
    const index = await IndexReader.open(paths.index);
    try {
      return (await index?.summary()) ?? (isKnown ? emptySummary : undefined);
    } finally {
      await index?.close();
    }
  }

  async remove(executionId: string): Promise<void> {
    const paths = this.#paths(executionId);
    await rm(paths.directory, { recursive: true, force: true });
    await rm(hostsPath(paths.index), { force: true });
    await rm(paths.index, { force: true });
  }

  async *ids(createdBeforeUs: number): AsyncGenerator<string> {
    const before = Math.floor(createdBeforeUs / 1_000_000)
      .toString(16)
      .padStart(8, '0');
    for (const bucket of (await readdir(this.#root)).filter((name) => bucketName.test(name)).sort()) {
      if (bucket > before.slice(0, bucket.length)) return;
      const names = await namesIn(join(this.#root, bucket));
      // Who printed nothing has a directory and no index.
      const ids = new Set(
        names.map((name) => name.replace(/\.(index|hosts)$/, '')).filter((name) => idName.test(name)),
      );
      for (const id of [...ids].sort()) if (id.slice(0, 8) < before) yield id;
      // An hour's bucket that was emptied by this or earlier rounds.
      if (names.length === 0) await removeEmpty(join(this.#root, bucket));
    }
  }

  async raw(
    executionId: string,
    type: OutputType,
    range: { start: number; bytesMax: number },
  ): Promise<Buffer | undefined> {
    return this.#reading(executionId, async (index, source) => {
      const isAsPrinted = index.head.sealed.length === 0 && index.head.cuts[type].to === 0;
      if (isAsPrinted) return rawBytes(this.#paths(executionId).directory, type, range);
      const key = `${type} ${executionId}`;
      const from = this.#places.get(key);
      const { bytes, place } = await readShown(index, source, { ...range, type, ...(from && { from }) });
      this.#remember(key, place);
      return bytes.length === 0 && range.start === 0 ? undefined : bytes;
    });
  }

  /** Told once. No log need try again: they all are on the same disk. */
  #capRefused(cap: OutputCap, error: unknown): void {
    if (this.#cap) cap.refused(error);
    this.#cap = undefined;
  }

  /** A reader of raw output asks for one range after the other: from the beginning of the index each time would be far. */
  #remember(key: string, place: ShownPlace): void {
    this.#places.delete(key);
    this.#places.set(key, place);
    for (const oldest of this.#places.keys()) {
      if (this.#places.size <= placesMax) break;
      this.#places.delete(oldest);
    }
  }

  /** Undefined where there is no output. Throws a Fault where its secrets cannot be hidden. */
  async #reading<T>(
    executionId: string,
    work: (index: IndexReader, source: OutputSource) => Promise<T>,
  ): Promise<T | undefined> {
    const paths = this.#paths(executionId);
    const index = await IndexReader.open(paths.index);
    if (!index) return undefined;
    const growing = this.#growing.get(executionId);
    let source: OutputSource | undefined;
    try {
      const redactor = growing ? growing.redaction.redactor : this.#secrets.redactor(index.head.sealed);
      source = new OutputSource(paths, index.head, redactor, growing);
      return await work(index, source);
    } finally {
      await Promise.all([index.close(), source?.close()]);
    }
  }

  #paths(executionId: string) {
    const bucket = join(this.#root, executionId.slice(0, 5));
    return { directory: join(bucket, executionId), index: join(bucket, `${executionId}.index`) };
  }
}

/** Of output that is shown as it was printed. */
async function rawBytes(
  directory: string,
  type: OutputType,
  { start, bytesMax }: { readonly start: number; readonly bytesMax: number },
): Promise<Buffer | undefined> {
  const output = await OutputBytes.open(directory, type);
  if (!output) return undefined;
  try {
    const buffer = Buffer.allocUnsafe(bytesMax);
    const lost = Math.min(bytesMax, output.lostBytes - start);
    if (lost > 0) return buffer.subarray(0, lost).fill(substitute);
    const found = buffer.subarray(0, await output.read(buffer, start));
    // The files of processes are there from the start: one in which nothing was written is none.
    return found.length === 0 && start === 0 ? undefined : found;
  } finally {
    await output.close();
  }
}

/** Nothing where it is no directory, or was removed just now: others may leave their files among ours. */
async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return [];
    throw error;
  }
}

async function removeEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch (error) {
    // Not a directory, no longer there, or no longer empty: then it is not ours to remove.
    if (!['ENOENT', 'ENOTDIR', 'ENOTEMPTY'].includes(systemCode(error) ?? '')) throw error;
  }
}
