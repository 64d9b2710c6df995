/**
 * What happens when the disk is full. Processes write their output to files by themselves, so a flooding action can take
 * the last byte, and then not even its end could be stored. The guard holds a reserve: when room runs out it gives the
 * reserve back, stops the action whose output grew most, and takes the reserve again when there is room.
 */
import { closeSync, constants, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, systemCode } from '../base/errors.ts';
import type { Context } from '../operations/context.ts';
import type { ExecutionRun } from './execution-run.ts';
import type { Service } from './service.ts';

/** Enough for some thousand ends of executions and for SQLite's log while somebody makes room. */
const reserveBytesMax = 16 * 1024 * 1024;
/** Of a small disk, not more than this share. */
const reserveShare = 1 / 16;
/** Below this the disk counts as full: what is left would go within the next look. */
const fullBelowBytes = 1024 * 1024;
/** A flood of 1 GB/s meets the reserve between two looks; the reserve is what makes that harmless. */
const lookMs = 200;
/** Growth between two looks from which an execution can be what filled the disk, and its share of what vanished. */
const blameFromBytes = 128 * 1024;
const blameFromShare = 0.1;
const chunk = Buffer.alloc(1024 * 1024, 0x2e);

export class StorageGuard implements Service {
  readonly name = 'storageguard';
  readonly #context: Context;
  readonly #runs: () => readonly ExecutionRun[];
  readonly #path: string;
  /** Growth of each run at the last look. */
  #seen = new Map<ExecutionRun, number>();
  #freeBytes = Number.POSITIVE_INFINITY;
  #cancelLook: () => void = () => {};
  #isFull = false;
  #isStopping = false;

  constructor(context: Context, runs: () => readonly ExecutionRun[]) {
    this.#context = context;
    this.#runs = runs;
    this.#path = join(context.settings.home, 'reserve');
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  async start(): Promise<void> {
    this.#takeReserve();
    this.#schedule();
  }

  async drain(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    this.#cancelLook();
  }

  /** Somebody met a full disk. */
  report(): void {
    if (!this.#isFull) this.#becomeFull();
  }

  /** Looks now instead of at the next turn. Costs microseconds. */
  look(): void {
    const { bavail, bsize } = statfsSync(this.#context.settings.home);
    const freeBytes = bavail * bsize;
    const grown = this.#growth();
    if (freeBytes < fullBelowBytes) {
      if (!this.#isFull) this.#becomeFull();
      this.#stopWorst(grown, this.#freeBytes - freeBytes);
    } else if (this.#isFull && freeBytes > 2 * this.#reserveBytes() + fullBelowBytes) this.#roomAgain(freeBytes);
    this.#freeBytes = freeBytes;
    // What an action failed to write leaves no trace: of whatever runs meanwhile, nobody can say that it is complete.
    if (this.#isFull) for (const { run } of grown) run.outputWasLost();
  }

  #schedule(): void {
    this.#cancelLook = this.#context.clock.after(lookMs, () => {
      try {
        this.look();
      } catch (error) {
        this.#context.log.warn({ error: messageOf(error) }, 'cannot see how full the disk is');
      }
      if (!this.#isStopping) this.#schedule();
    });
  }

  /** What each run's output grew by since the last look. */
  #growth(): readonly { readonly run: ExecutionRun; readonly bytes: number }[] {
    const before = this.#seen;
    this.#seen = new Map();
    return this.#runs().map((run) => {
      this.#seen.set(run, run.grownBytes);
      return { run, bytes: run.grownBytes - (before.get(run) ?? 0) };
    });
  }

  #becomeFull(): void {
    this.#isFull = true;
    rmSync(this.#path, { force: true });
    this.#context.log.error(
      { home: this.#context.settings.home },
      'the disk is full: the reserve was given back; free some space',
    );
  }

  /** Only one that took a real part of what is gone: others may be filling the disk, and it is not theirs to pay for. */
  #stopWorst(grown: readonly { readonly run: ExecutionRun; readonly bytes: number }[], vanishedBytes: number): void {
    const worst = [...grown].sort((a, b) => b.bytes - a.bytes)[0];
    if (!worst || worst.bytes < Math.max(blameFromBytes, vanishedBytes * blameFromShare)) return;
    this.#context.log.error(
      { execution: worst.run.id, bytes: worst.bytes },
      'the disk is full: the execution whose output grew most is stopped',
    );
    worst.run.stop('storage_full');
  }

  #roomAgain(freeBytes: number): void {
    this.#isFull = false;
    this.#context.log.info({ freeBytes }, 'there is room on the disk again');
    this.#takeReserve();
  }

  #reserveBytes(): number {
    const { bavail, bsize } = statfsSync(this.#context.settings.home);
    return Math.min(reserveBytesMax, Math.floor(bavail * bsize * reserveShare));
  }

  /** Written, not only sized: a sparse file reserves nothing. */
  #takeReserve(): void {
    const wanted = this.#reserveBytes();
    try {
      if (sizeOf(this.#path) >= wanted) return;
      const fd = openSync(this.#path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o600);
      try {
        for (let done = 0; done < wanted; ) done += writeSync(fd, chunk, 0, Math.min(chunk.length, wanted - done));
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      rmSync(this.#path, { force: true });
      this.#context.log.warn(
        { error: messageOf(error) },
        'no room for the reserve that keeps the server working when the disk is full',
      );
    }
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 0;
    throw error;
  }
}
