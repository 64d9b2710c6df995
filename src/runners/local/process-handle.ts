/** A process group that runs, however it came to be: started plainly, by the launcher, or by an earlier server. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { systemCode } from '../../base/errors.ts';
import type { InputAnswer, ProcessEnd, ProcessHandle, ProcessOptions, StopReason } from '../process.ts';
import { hasInputPipe, removeInputPipe, writeToPipe } from './input-pipe.ts';
import { groupExists, send } from './process-group.ts';
import { groupMembers } from './process-table.ts';
import { leaderAlive, readProcessStatus } from './process-status.ts';
import type { ProcessFacts } from './start-files.ts';
import { stopGroup } from './stop-group.ts';

/** Output often goes through a `tee` in the background, which ends in its own time after the command. */
const lingerMsMax = 400;
const lingerPollMs = 20;
/** Every so often, dead ones that nobody reaps are told from living ones: that takes a look at all processes. */
const lingerLookMs = 60;
/** A leader writes the exit status within a millisecond of the end of its command. */
const leaderLateMs = 2_000;
/** Python results of some megabytes are common, more can hardly be worked with. */
const resultBytesMaxDefault = 16 * 1024 * 1024;
const resultTailBytes = 64;

/** What Ctrl-D sends. */
const endOfTransmission = new Uint8Array([4]);

export interface ProcessIds {
  /** The shell that keeps the exit status. */
  readonly leader: number;
  /** The command's. The leader is in it only where it was started plainly. */
  readonly group: number;
}

export class Handle implements ProcessHandle {
  readonly ended: Promise<ProcessEnd>;
  readonly #ids: ProcessIds;
  readonly #facts: ProcessFacts;
  readonly #options: ProcessOptions;
  readonly #origin: 'own' | 'adopted';
  #stopped: StopReason | undefined;
  /** Its group id may be another's from now on: no more signals. */
  #hasExited = false;
  #stopping: Promise<'cleared' | 'unkilled'> | undefined;
  #tellStopping: (stopping: Promise<'cleared' | 'unkilled'>) => void = () => {};

  /** `exited` resolves when the leader has written the exit status, to what it wrote, or is gone. */
  constructor(
    ids: ProcessIds,
    exited: Promise<number | undefined>,
    facts: ProcessFacts,
    options: ProcessOptions,
    origin: 'own' | 'adopted',
  ) {
    this.#ids = ids;
    this.#facts = facts;
    this.#options = options;
    this.#origin = origin;
    const stopped = new Promise<'cleared' | 'unkilled'>((resolve) => {
      this.#tellStopping = resolve;
    });
    this.ended = this.#end(exited, stopped);
  }

  get pid(): number {
    return this.#ids.group;
  }

  get timeoutMs(): number {
    return this.#facts.timeoutMs;
  }

  stop(reason: StopReason, graceMs: number): void {
    if (this.#stopped || this.#hasExited) return;
    this.#stopped = reason;
    this.#stopping = this.#stop(graceMs);
    this.#tellStopping(this.#stopping);
  }

  sendInput(piece: Uint8Array): InputAnswer {
    if (!this.#facts.isInputOpen) return 'closed';
    return this.#hasExited ? 'ended' : writeToPipe(this.#options.directory, piece);
  }

  endInput(): InputAnswer {
    if (this.#facts.terminal) return this.sendInput(endOfTransmission);
    if (!this.#facts.isInputOpen) return 'closed';
    const { directory } = this.#options;
    if (this.#hasExited || !hasInputPipe(directory) || !leaderAlive(this.#ids.leader, directory)) return 'ended';
    removeInputPipe(directory);
    send(this.#ids.leader, 'SIGUSR1');
    return 'taken';
  }

  /** The one that counts. What is in a terminal says its own a moment after the start. */
  #group(): number {
    const { terminal } = this.#facts;
    return (terminal && readProcessStatus(this.#options.directory).terminalGroup) ?? this.#ids.group;
  }

  #stop(graceMs: number): Promise<'cleared' | 'unkilled'> {
    const { executionId, clock } = this.#options;
    return stopGroup(this.#group(), { executionId, clock, graceMs, signalsNeedSudo: this.#facts.signalsNeedSudo });
  }

  async #end(exited: Promise<number | undefined>, stopped: Promise<'cleared' | 'unkilled'>): Promise<ProcessEnd> {
    const { directory, clock } = this.#options;
    const told = await Promise.race([exited, stopped.then(() => this.#leaderIsDone(exited))]);
    const exitedUs = clock.nowUs();
    this.#hasExited = true;
    if (this.#facts.isInputOpen) removeInputPipe(directory);
    const status = readProcessStatus(directory);
    const exitCode = status.exitCode ?? told;
    // Without an exit status the leader was killed, perhaps it alone: what it led has nobody to report to, and nobody who
    // would stop it in time.
    if (exitCode === undefined) this.#stopping ??= this.#stop(0);
    const isUnkilled = (await this.#stopping) === 'unkilled';
    if (!this.#stopping) await untilLeft(this.#group(), clock);
    return {
      exitCode,
      signal: exitCode === undefined && !isUnkilled ? 'SIGKILL' : status.signal,
      stopped: this.#stopped,
      ...(await readResult(directory, this.#facts)),
      ...(isUnkilled && { unkilled: true }),
      // Of an adopted process only the status file knows when it ended; file times lag some milliseconds behind the clock.
      endUs: this.#origin === 'adopted' ? (status.writtenUs ?? exitedUs) : this.#stopping ? clock.nowUs() : exitedUs,
      timeoutMs: this.#facts.timeoutMs,
    };
  }

  /** All that the leader waits for is gone. One that still says nothing hangs, or somebody stopped it. */
  async #leaderIsDone(exited: Promise<number | undefined>): Promise<number | undefined> {
    const { clock, directory } = this.#options;
    let cancel = () => {};
    const tooLate = new Promise<undefined>((resolve) => {
      cancel = clock.after(leaderLateMs, () => resolve(undefined));
    });
    const told = await Promise.race([exited, tooLate]);
    cancel();
    if (told === undefined && leaderAlive(this.#ids.leader, directory)) send(this.#ids.leader, 'SIGKILL');
    return told;
  }
}

/** Waits for what the command left in its group, but not long: it may be a daemon. */
async function untilLeft(group: number, clock: Clock): Promise<void> {
  for (let waitedMs = 0; waitedMs < lingerMsMax && groupExists(group); waitedMs += lingerPollMs) {
    if (waitedMs % lingerLookMs === lingerPollMs && (await groupMembers(group))?.length === 0) return;
    await new Promise<void>((resolve) => clock.after(lingerPollMs, resolve));
  }
}

async function readResult(
  directory: string,
  { resultVariable, resultBytesMax = resultBytesMaxDefault }: ProcessFacts,
): Promise<Pick<ProcessEnd, 'resultFile' | 'resultCut'>> {
  if (resultVariable === undefined) return { resultFile: undefined };
  try {
    await using file = await open(join(directory, 'result'));
    const { size } = await file.stat();
    if (size <= resultBytesMax) return { resultFile: await file.readFile('utf8') };
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(resultTailBytes),
      0,
      resultTailBytes,
      Math.max(0, size - resultTailBytes),
    );
    return { resultFile: undefined, resultCut: { bytes: size, tail: buffer.toString('latin1', 0, bytesRead) } };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return { resultFile: undefined };
    throw error;
  }
}
