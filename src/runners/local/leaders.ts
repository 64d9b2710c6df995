/**
 * The executions that a resident bash has been asked to start, until they end: whoever asked hears of start and end by the
 * lines that leaders say (`started`, `taken`, `ended`), or, where one is killed and says nothing, by looking.
 */
import type { Clock } from '../../base/clock.ts';
import type { ProcessIds } from './process-handle.ts';
import { findLeader, groupLedBy, leaderAlive, readProcessStatus, startState, unlessRefused } from './process-status.ts';
import { send } from './process-group.ts';

/** How often the pids of a leader are looked for that does not report to us. */
const takenPollMs = 20;
/** From making its file to forking, a leader needs a millisecond. */
const claimedWithinMs = 1_000;
/** A leader that is killed says no `ended`: who is gone without a word is found by looking, this often. */
const lookMs = 500;

interface Expected {
  readonly directory: string;
  readonly started: (ids: ProcessIds | undefined) => void;
  readonly ended: (exitCode: number | undefined) => void;
  /** Whether who was asked is still there to do it. */
  readonly canCome: () => boolean;
  leader: number | undefined;
}

export interface Expectation {
  /** Undefined where it was not started, as far as is known. */
  readonly started: Promise<ProcessIds | undefined>;
  /** With the exit status, where it was heard. */
  readonly ended: Promise<number | undefined>;
}

export class Leaders implements Disposable {
  readonly #clock: Clock;
  /** Not ended yet, by execution. */
  readonly #expected = new Map<string, Expected>();
  #cancelLook: (() => void) | undefined;
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** To be called before asking, so that no word is missed. */
  expect(executionId: string, directory: string, canCome: () => boolean = () => true): Expectation {
    let tellStarted: Expected['started'] = () => {};
    let tellEnded: Expected['ended'] = () => {};
    const started = new Promise<ProcessIds | undefined>((resolve) => {
      tellStarted = resolve;
    });
    const ended = new Promise<number | undefined>((resolve) => {
      tellEnded = resolve;
    });
    this.#expected.set(executionId, { directory, started: tellStarted, ended: tellEnded, canCome, leader: undefined });
    this.#lookSoon();
    return { started, ended };
  }

  /** One line of what leaders say. */
  hear(line: string): void {
    const [verb, executionId = '', ...numbers] = line.split(' ');
    const [first = 0, second = 0] = numbers.map(Number);
    if (verb === 'started') this.#expected.get(executionId)?.started({ leader: first, group: second });
    if (verb === 'taken') this.#taken(executionId);
    if (verb === 'ended') this.#ended(executionId, first);
  }

  /** It is known to run: from now on it is looked at. */
  follow(executionId: string, { leader }: ProcessIds): void {
    const expected = this.#expected.get(executionId);
    if (expected) expected.leader = leader;
  }

  giveUp(executionId: string): void {
    this.#expected.get(executionId)?.started(undefined);
  }

  forget(executionId: string): void {
    this.#expected.delete(executionId);
  }

  /** Nothing more will be said: whether those did start that were not heard of shows in their files. */
  allWereLost(): void {
    for (const { leader, started, directory } of this.#expected.values())
      if (leader === undefined) started(unlessRefused(() => idsIn(directory)));
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#cancelLook?.();
  }

  /** An earlier leader, of a shell or server that is gone, was first: its pids will be in the status file in no time. */
  #taken(executionId: string): void {
    const expected = this.#expected.get(executionId);
    if (!expected || expected.leader !== undefined) return;
    const { directory } = expected;
    const ids = unlessRefused(() => idsIn(directory));
    if (ids || unlessRefused(() => startState(directory)) === 'late') expected.started(ids);
    else this.#clock.after(takenPollMs, () => this.#taken(executionId));
  }

  #ended(executionId: string, exitCode: number | undefined): void {
    const expected = this.#expected.get(executionId);
    this.#expected.delete(executionId);
    expected?.ended(exitCode);
  }

  #lookSoon(): void {
    if (!this.#isClosed) this.#cancelLook ??= this.#clock.after(lookMs, () => this.#look());
  }

  #look(): void {
    this.#cancelLook = undefined;
    for (const [executionId, { leader, directory, canCome, started }] of this.#expected) {
      if (leader === undefined) {
        if (!canCome()) started(unlessRefused(() => idsIn(directory)));
      } else if (unlessRefused(() => leaderAlive(leader, directory)) === false) this.#ended(executionId, undefined);
    }
    if (this.#expected.size > 0) this.#lookSoon();
  }
}

/** Gives up a start that was not heard of and cannot begin any more. What has begun by then is waited for, and stands. */
export async function startedAfterAll(directory: string, clock: Clock): Promise<ProcessIds | undefined> {
  const untilUs = clock.monotonicUs() + claimedWithinMs * 1000;
  for (;;) {
    // A look that is refused is repeated: what was started must not be taken for something that was not.
    const ids = unlessRefused(() => idsIn(directory));
    const state = unlessRefused(() => startState(directory));
    if (ids || state === 'none' || state === 'late') return ids;
    if (clock.monotonicUs() > untilUs) break;
    await new Promise<void>((resolve) => clock.after(takenPollMs, resolve));
  }
  // It hangs, or died, or cannot fork, or the disk is full and its words are lost.
  const leader = readProcessStatus(directory).pid ?? findLeader(directory);
  if (leader === undefined || !leaderAlive(leader, directory)) return undefined;
  const group = groupLedBy(leader);
  if (group !== undefined) return { leader, group };
  send(leader, 'SIGKILL');
  return idsIn(directory);
}

/** Both, or what was started cannot be followed. */
function idsIn(directory: string): ProcessIds | undefined {
  const { pid, group } = readProcessStatus(directory);
  return pid === undefined || group === undefined ? undefined : { leader: pid, group };
}
