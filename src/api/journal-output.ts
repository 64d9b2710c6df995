/**
 * Output events of the journal as frames for one client: from the bytes that are at hand, or from the log of the
 * execution where they are not.
 */
import type { OutputSegment } from '../core/model/output-segment.ts';
import type { OutputStore } from '../store/output-store.ts';
import { eachRecordJson, type OutputOrigin, outputEventName } from '../wire/output.ts';
import type { EventFilter } from './event-filter.ts';
import type { EventJournal } from './event-journal.ts';
import type { JournalEvent, OutputEvent } from './journal-event.ts';
import type { StreamConnection } from './stream-connection.ts';
import type { RecordRange, StreamPosition } from './stream-position.ts';

/** Read from the log of an execution in one go. */
const pageBytes = 256 * 1024;
/** An event of more records is written piece by piece: rendered whole, a few of them would take more memory than all else. */
const recordsAtOnceMax = 256;
/**
 * Written in one go. A write queues behind the one before, and queued strings outlive collections: with 64 KiB a flood
 * with two readers and a stalled one took 480 MB, with this 60 MB. With 1 MiB it is 70 MB again.
 */
const pieceLength = 512 * 1024;

/** Events that are read together. */
interface Run extends RecordRange {
  readonly events: number;
}

export interface JournalOutputParts {
  readonly journal: EventJournal;
  readonly store: OutputStore;
  readonly filter: EventFilter;
  /** Executions whose output comes to this client in another way. */
  readonly others: readonly string[];
  readonly connection: StreamConnection;
  readonly position: StreamPosition;
  /** Events were missed here. */
  readonly tellGap: () => void;
}

export class JournalOutput {
  readonly #parts: JournalOutputParts;

  constructor(parts: JournalOutputParts) {
    this.#parts = parts;
  }

  /** Frames to be written at once; undefined where something has to be read first, or there are many: then `send` does it. */
  framesNow(event: OutputEvent): string | undefined {
    const { journal, position } = this.#parts;
    const { executionId } = event;
    let frames = '';
    if (this.#mayTake(executionId)) {
      const origin = journal.knownOrigin(executionId);
      if (!origin) return undefined;
      if (this.#takes(origin)) {
        const segment = event.segment?.value;
        if (!segment || segment.records > recordsAtOnceMax) return undefined;
        frames = this.#heldFrames(event, origin, segment);
      }
    }
    position.pass(event);
    return frames;
  }

  /** Sends the event at this place, and those after it that are read with it; answers how many. Rejects with the store's failure. */
  async send(events: readonly JournalEvent[], at: number, first: OutputEvent): Promise<number> {
    const { journal, position } = this.#parts;
    const origin = await journal.origin(first.executionId);
    // Asked for after the wait: it may have been let go meanwhile.
    const segment = first.segment?.value;
    const run = segment ? { ...first, events: 1 } : runFrom(events, at, first);
    if (origin && this.#takes(origin)) {
      if (segment) await this.#sendHeld(first, origin, segment);
      else await this.#sendPages(run, origin);
    }
    position.pass(run);
    return run.events;
  }

  async #sendHeld(event: OutputEvent, origin: OutputOrigin, segment: OutputSegment): Promise<void> {
    const { connection } = this.#parts;
    const pieces = new Pieces(connection);
    this.#eachFrame(event, origin, segment, this.#afterSeqOf(event, segment), (frame) => pieces.add(frame));
    if (!pieces.end()) await connection.drained();
  }

  async #sendPages(run: Run, origin: OutputOrigin): Promise<void> {
    const { connection, position, tellGap } = this.#parts;
    const { afterSeq, endSeq, executionId } = run;
    let seq = Math.max(afterSeq ?? endSeq - 1, position.seenOf(executionId));
    while (seq < endSeq && !connection.signal.aborted) {
      const { nextSeq, isTaken } = await this.#sendPage(run, origin, seq);
      if (nextSeq <= seq) {
        // Retention took the log.
        tellGap();
        return;
      }
      seq = nextSeq;
      if (!isTaken) await connection.drained();
    }
  }

  async #sendPage(run: Run, origin: OutputOrigin, afterSeq: number): Promise<{ nextSeq: number; isTaken: boolean }> {
    const { store, position, connection } = this.#parts;
    using page = await store.read(run.executionId, { afterSeq, bytesMax: pageBytes });
    const pieces = new Pieces(connection);
    for (const segment of page.segments) {
      if (segment.firstSeq > run.endSeq) break;
      // Where nobody knows which records are new, it is those of the last segment.
      const from = run.afterSeq === undefined ? segment.firstSeq - 1 : afterSeq;
      const unseen = Math.max(from, position.seenOf(run.executionId));
      this.#eachFrame(run, origin, segment, unseen, (frame) => pieces.add(frame));
    }
    return { nextSeq: page.nextSeq, isTaken: pieces.end() };
  }

  /** The same for all clients that follow no log and have seen nothing of it. */
  #heldFrames(event: OutputEvent, origin: OutputOrigin, segment: OutputSegment): string {
    const { journal, position } = this.#parts;
    const render = () => {
      let text = '';
      this.#eachFrame(event, origin, segment, this.#afterSeqOf(event, segment), (frame) => {
        text += frame;
      });
      return text;
    };
    const isOwn = position.seenOf(event.executionId) > 0 || position.hasCursors;
    return isOwn ? render() : journal.texts.frames(event, render);
  }

  #afterSeqOf(event: OutputEvent, segment: OutputSegment): number {
    return Math.max(event.afterSeq ?? segment.firstSeq - 1, this.#parts.position.seenOf(event.executionId));
  }

  #eachFrame(
    range: RecordRange,
    origin: OutputOrigin,
    segment: OutputSegment,
    afterSeq: number,
    each: (frame: string) => void,
  ): void {
    const { position } = this.#parts;
    eachRecordJson(origin, segment, afterSeq, (seq, json) => {
      position.advanceTo(seq, range);
      each(`event: ${outputEventName}\nid: ${position.id}\ndata: ${json}\n\n`);
    });
  }

  /** As far as can be told without the names of its action. */
  #mayTake(executionId: string): boolean {
    const { filter, others } = this.#parts;
    const isNamed = filter.executionIds.length === 0 || filter.executionIds.includes(executionId);
    return filter.wantsOutput && isNamed && !others.includes(executionId);
  }

  #takes({ executionId, actionRef }: OutputOrigin): boolean {
    return this.#parts.filter.wants({ name: outputEventName, executionId, actionRef });
  }
}

/** Frames that are written within one turn, many at a time. */
class Pieces {
  readonly #connection: StreamConnection;
  /** Joined at the end: added up, thousands of them would be a deep tree that outlives several collections. */
  #frames: string[] = [];
  #length = 0;

  constructor(connection: StreamConnection) {
    this.#connection = connection;
  }

  add(frame: string): void {
    this.#frames.push(frame);
    this.#length += frame.length;
    if (this.#length >= pieceLength) this.end();
  }

  /** Writes what is left. False: the client is slow now. */
  end(): boolean {
    const text = this.#frames.join('');
    this.#frames = [];
    this.#length = 0;
    return this.#connection.write(text);
  }
}

/** The events from here on that are read from the log in one go: of one execution, one after the other, none at hand. */
function runFrom(events: readonly JournalEvent[], at: number, first: OutputEvent): Run {
  let last = first;
  let count = 1;
  for (let next = events[at + count]; next?.kind === 'output'; next = events[at + count]) {
    if (next.executionId !== first.executionId || next.afterSeq !== last.endSeq || next.segment?.value) break;
    last = next;
    count += 1;
  }
  const { executionId, afterSeq } = first;
  return { executionId, afterSeq, endSeq: last.endSeq, events: count, number: last.number };
}
