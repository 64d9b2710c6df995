/**
 * Where a client of the general stream is, and the ids by which it comes back to that place.
 *
 * `id:` is `<epoch>-<position>`; where the output event after that position was sent in part, `.<seq>` of its last record
 * that was; and for each execution whose log is followed, `/<execution>:<seq>`. It changes in the moment of writing,
 * without anything awaited between: the id of any frame says exactly what came before it.
 */
import type { EventJournal } from './event-journal.ts';

/** More cursors than this in one id are not read: as many executions are followed at most, and the one waited for. */
const cursorsMax = 17;

export interface EventId {
  readonly epoch: string;
  readonly position: number;
  /** Of the output event after `position`, records up to this one were sent. */
  readonly partialSeq: number | undefined;
  readonly cursors: ReadonlyMap<string, number>;
}

/** Anything that is no id of ours has an empty epoch. */
export function parseEventId(text: string | undefined): EventId {
  const [head = '', ...tail] = (text ?? '').trim().split('/');
  const match = /^([0-9a-f]{8})-(\d{1,15})(?:\.(\d{1,15}))?$/.exec(head);
  const cursors = new Map<string, number>();
  for (const item of tail.slice(0, cursorsMax)) {
    const cursor = /^([0-9a-f]{24}):(\d{1,15})$/.exec(item);
    if (cursor?.[1]) cursors.set(cursor[1], Number(cursor[2]));
  }
  const partialSeq = match?.[3] === undefined ? undefined : Number(match[3]);
  return { epoch: match?.[1] ?? '', position: Number(match?.[2] ?? 0), partialSeq, cursors };
}

/** Consecutive records of one execution, which one or more events told of. */
export interface RecordRange {
  readonly executionId: string;
  /** Undefined: those that became visible together with the last one. */
  readonly afterSeq: number | undefined;
  readonly endSeq: number;
  /** Position of the last of these events. */
  readonly number: number;
}

export class StreamPosition {
  /** The last id it sent is of another process, or too old to go on from. */
  readonly isLate: boolean;
  readonly #journal: EventJournal;
  /** Events up to here were written. */
  #position: number;
  #partialSeq: number | undefined;
  /** Records that an earlier connection of this client got from an event that was cut off. */
  readonly #seen: { readonly executionId: string; readonly seq: number } | undefined;
  /** Last record sent of each followed execution. */
  readonly #cursors: Map<string, number>;

  /** `cursors`: of the followed executions. */
  constructor(journal: EventJournal, lastEventId: string | undefined, cursors: ReadonlyMap<string, number>) {
    this.#journal = journal;
    this.#cursors = new Map(cursors);
    const { epoch, position, partialSeq } = parseEventId(lastEventId);
    const next = epoch === journal.epoch ? journal.after(position, 1) : undefined;
    this.#position = next ? Math.min(position, journal.end) : journal.end;
    this.isLate = !next && lastEventId !== undefined;
    if (partialSeq === undefined || next?.[0]?.kind !== 'output') return;
    this.#partialSeq = partialSeq;
    this.#seen = { executionId: next[0].executionId, seq: partialSeq };
  }

  get position(): number {
    return this.#position;
  }

  get id(): string {
    // Asked for every record: no lists where there is nothing to list.
    let id = `${this.#journal.epoch}-${this.#position}`;
    if (this.#partialSeq !== undefined) id += `.${this.#partialSeq}`;
    for (const [executionId, seq] of this.#cursors) id += `/${executionId}:${seq}`;
    return id;
  }

  /** Whether something that began after this position was begun without this client. */
  isBefore(position: number): boolean {
    // In the middle of an event it has seen what followed.
    return this.#position < position || (this.#position === position && this.#partialSeq === undefined);
  }

  /** No other client has the same ids, because of the logs it follows. */
  get hasCursors(): boolean {
    return this.#cursors.size > 0;
  }

  cursor(executionId: string): number | undefined {
    return this.#cursors.get(executionId);
  }

  setCursor(executionId: string, seq: number): void {
    this.#cursors.set(executionId, seq);
  }

  /** Last record that an earlier connection got of output that comes again from the journal; 0 where there is none. */
  seenOf(executionId: string): number {
    return this.#seen?.executionId === executionId ? this.#seen.seq : 0;
  }

  /** The event of this position was written. */
  advance(number: number): void {
    this.#position = number;
    this.#partialSeq = undefined;
  }

  /** A record was written. */
  advanceTo(seq: number, { endSeq, number }: RecordRange): void {
    if (seq === endSeq) this.advance(number);
    else this.#partialSeq = seq;
  }

  /** Done with events of output, whatever was written of them. */
  pass({ executionId, endSeq, number }: RecordRange): void {
    this.advance(number);
    // An earlier connection went on into the next one.
    if (this.seenOf(executionId) > endSeq) this.#partialSeq = this.seenOf(executionId);
  }
}
