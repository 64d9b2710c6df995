/**
 * One client of the general stream (spec/output-streaming.md §5): events of the journal that pass its filters, from the
 * position it asks for. Output of executions that it names follows their logs instead of the journal, so that it can be
 * taken up again after a restart of the server, from the cursors in `Last-Event-ID`.
 *
 * A client that comes back with an id that this process cannot go on from is told so by an event `st2.stream__gap`, and
 * goes on from now.
 */
import { unreachable } from '../base/assert.ts';
import { messageOf } from '../base/errors.ts';
import { oneLineJson } from '../base/json.ts';
import type { Execution } from '../core/model/execution.ts';
import type { OutputSegment } from '../core/model/output-segment.ts';
import type { Context } from '../operations/context.ts';
import type { OutputHub } from '../operations/output-hub.ts';
import { type ExecutionView, isCompleted, publishedExecution } from '../wire/execution.ts';
import { eachRecordJson, outputEventName } from '../wire/output.ts';
import type { EventFilter } from './event-filter.ts';
import type { EventJournal } from './event-journal.ts';
import type { FrameVariant } from './event-texts.ts';
import type { ExecutionEvent, JournalEvent } from './journal-event.ts';
import { JournalOutput } from './journal-output.ts';
import { originOf } from './output-encodings.ts';
import type { StreamConnection } from './stream-connection.ts';
import { parseEventId, StreamPosition } from './stream-position.ts';

export interface GeneralStreamOptions {
  readonly filter: EventFilter;
  readonly variant: FrameVariant;
  /** Both, or the stream never ends by itself. */
  readonly endEvent?: string;
  readonly endExecutionId?: string;
  /** `Last-Event-ID` as it was sent. */
  readonly lastEventId?: string;
}

/**
 * Where the output of each followed execution begins for a client: its own cursor, or now. Asked before the answer has
 * begun, so that whoever has seen its head misses nothing that is printed from then on.
 */
export async function startCursors(
  { store, output, clock }: Context,
  options: GeneralStreamOptions,
): Promise<ReadonlyMap<string, number>> {
  const { cursors } = parseEventId(options.lastEventId);
  const starts = followedOf(options).map(async (id): Promise<readonly [string, number][]> => {
    const known = cursors.get(id);
    if (known !== undefined) return [[id, known]];
    const execution = await store.executions.find(id);
    if (!execution) return [];
    const isYoung = options.endExecutionId === id && (clock.nowUs() - execution.start_us) / 1000 < youngMs;
    if (isYoung) return [[id, 0]];
    const { endSeq } = await output.read(id, { afterSeq: Number.MAX_SAFE_INTEGER, bytesMax: 1 });
    return [[id, endSeq]];
  });
  return new Map((await Promise.all(starts)).flat());
}

/** An execution this young was most likely just requested by the client that now follows it: it gets the output from the start. */
const youngMs = 2_000;
/** Named executions whose output follows the logs; a client that names more gets it from the journal. */
const followedMax = 16;
const gapEventName = 'st2.stream__gap';
/** Numbers the streams of this process. */
let nextStream = 0;
/** Taken from the journal in one go. */
const batchEvents = 500;
/** Text that is written before more is added to it. */
const flushLength = 64 * 1024;

export class GeneralStream {
  readonly #context: Context;
  readonly #hub: OutputHub;
  readonly #journal: EventJournal;
  readonly #view: ExecutionView;
  readonly #connection: StreamConnection;
  readonly #options: GeneralStreamOptions;
  readonly #position: StreamPosition;
  readonly #output: JournalOutput;
  /** Executions whose output comes from their logs. */
  readonly #followed: readonly string[];
  readonly #encodingKey = `general ${nextStream++}`;
  /** Resolves when all output of a followed execution was sent. */
  readonly #following = new Map<string, Promise<void>>();
  #isPumping = false;
  #isOver = false;

  constructor(
    context: Context,
    hub: OutputHub,
    journal: EventJournal,
    view: ExecutionView,
    connection: StreamConnection,
    options: GeneralStreamOptions,
    cursors: ReadonlyMap<string, number>,
  ) {
    this.#context = context;
    this.#hub = hub;
    this.#journal = journal;
    this.#view = view;
    this.#connection = connection;
    this.#options = options;
    this.#followed = followedOf(options);
    this.#position = new StreamPosition(journal, options.lastEventId, cursors);
    this.#output = new JournalOutput({
      journal,
      store: context.output,
      filter: options.filter,
      others: this.#followed,
      connection,
      position: this.#position,
      tellGap: () => this.#tellGap(),
    });
  }

  async run(): Promise<void> {
    const { filter } = this.#options;
    const { signal } = this.#connection;
    using _listening = this.#journal.listen(() => void this.#pump());
    const hasOthers =
      filter.executionIds.some((id) => !this.#followed.includes(id)) || filter.executionIds.length === 0;
    const wantsJournalOutput = filter.wantsOutput && hasOthers;
    using _output = wantsJournalOutput ? this.#journal.wantOutput() : undefined;
    // The first byte at once: proxies and clients know by it that the stream is open.
    this.#connection.write('\n');
    const hasMissedOutput = wantsJournalOutput && this.#position.isBefore(this.#journal.outputSince ?? 0);
    if (this.#position.isLate || (hasMissedOutput && this.#options.lastEventId !== undefined)) this.#tellGap();
    for (const id of this.#followed) this.#following.set(id, this.#follow(id));
    await this.#catchUpEnd();
    await this.#pump();
    await untilAborted(signal);
  }

  /** A client that waits for the end of an execution: over already, or too young to have been missed on purpose. */
  async #catchUpEnd(): Promise<void> {
    const { endExecutionId: id, endEvent, filter } = this.#options;
    if (id === undefined) return;
    const execution = await this.#context.store.executions.find(id, 'whole');
    if (!execution) return;
    if (endEvent === undefined || !isCompleted(execution) || this.#isOver) return;
    await this.#following.get(id);
    const name = 'st2.execution__update';
    if (filter.wants({ name, executionId: id, actionRef: execution.action.ref }))
      this.#connection.write(this.#frame(name, oneLineJson(publishedExecution(execution, this.#view))));
    this.#end();
  }

  /** Sends what the journal has for this client, as long as it keeps up. */
  async #pump(): Promise<void> {
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      while (!this.#isDone && this.#position.position < this.#journal.end) {
        const events = this.#journal.after(this.#position.position, batchEvents);
        if (!events) {
          // Too slow: what it missed is gone from here. It reconnects and is told that there is a gap.
          this.#context.metrics.readersDropped.of('behind').add();
          this.#connection.break();
          return;
        }
        await this.#sendEvents(events);
      }
    } catch (error) {
      this.#context.log.error({ error: messageOf(error) }, 'a stream of events broke off');
      this.#context.metrics.readersDropped.of('failure').add();
      this.#connection.break();
    } finally {
      this.#isPumping = false;
    }
  }

  get #isDone(): boolean {
    return this.#isOver || this.#connection.signal.aborted;
  }

  async #sendEvents(events: readonly JournalEvent[]): Promise<void> {
    let text = '';
    for (let at = 0; at < events.length && !this.#isDone; ) {
      const event = events[at];
      if (!event) return;
      const frames = this.#framesNow(event);
      if (frames === undefined) {
        // What was rendered is written before anything is waited for.
        this.#connection.write(text);
        text = '';
        at += await this.#sendLater(event, events, at);
      } else {
        text += frames;
        at += 1;
      }
      if (this.#isEndEvent(event)) {
        this.#connection.write(text);
        this.#end();
        return;
      }
      if (text.length >= flushLength) {
        const isTaken = this.#connection.write(text);
        text = '';
        if (!isTaken) await this.#connection.drained();
      }
    }
    if (text !== '' && !this.#connection.write(text)) await this.#connection.drained();
  }

  /** Frames of an event, to be written at once; undefined where something has to be waited for, or is long. */
  #framesNow(event: JournalEvent): string | undefined {
    switch (event.kind) {
      case 'announcement':
        this.#position.advance(event.number);
        return this.#options.filter.wants(event) ? this.#frame(event.name, event.json) : '';
      case 'execution': {
        if (event.isEnd && this.#following.has(event.execution.id)) return undefined;
        const json = this.#passes(event) ? this.#journal.texts.jsonNow(event, this.#options.variant) : '';
        if (typeof json !== 'string') return undefined;
        this.#position.advance(event.number);
        return json === '' ? '' : this.#frame(event.name, json);
      }
      case 'output':
        return this.#output.framesNow(event);
      default:
        return unreachable(event);
    }
  }

  /** Sends an event that could not be sent at once, and those that go with it; answers how many. */
  async #sendLater(event: JournalEvent, events: readonly JournalEvent[], at: number): Promise<number> {
    if (event.kind === 'output') return this.#output.send(events, at, event);
    if (event.kind === 'announcement') return 1;
    // The end comes after the last line, also for a client whose output comes from the log.
    if (event.isEnd) await this.#following.get(event.execution.id);
    const json = this.#passes(event) ? await this.#journal.texts.json(event, this.#options.variant) : '';
    this.#position.advance(event.number);
    if (json !== '' && !this.#writeFrame(event.name, json)) await this.#connection.drained();
    return 1;
  }

  #passes(event: ExecutionEvent): boolean {
    const { name, execution } = event;
    return this.#options.filter.wants({ name, executionId: execution.id, actionRef: execution.action.ref });
  }

  #isEndEvent(event: JournalEvent): boolean {
    const { endEvent, endExecutionId } = this.#options;
    return (
      event.kind === 'execution' && event.isEnd && event.name === endEvent && event.execution.id === endExecutionId
    );
  }

  async #follow(id: string): Promise<void> {
    try {
      await this.#followOutput(id, this.#connection);
    } catch (error) {
      this.#context.log.warn({ execution: id, error: messageOf(error) }, 'a stream of output broke off');
      this.#context.metrics.readersDropped.of('failure').add();
      this.#connection.break();
    }
  }

  async #followOutput(id: string, connection: StreamConnection): Promise<void> {
    const afterSeq = this.#position.cursor(id);
    if (afterSeq === undefined) return; // there is no such execution
    const encoding = {
      // The id of each frame names the cursors of all followed executions: frames are this client's own, never shared.
      key: this.#encodingKey,
      text: (of: Execution, segments: readonly OutputSegment[], after: number) => this.#framesOf(of, segments, after),
      encode: (of: Execution, segments: readonly OutputSegment[], after: number) =>
        connection.frame(this.#framesOf(of, segments, after)),
    };
    await this.#hub.follow(id, { afterSeq, encoding, sink: connection, signal: connection.signal });
  }

  #framesOf(execution: Execution, segments: readonly OutputSegment[], afterSeq: number): string {
    if (
      !this.#options.filter.wants({ name: outputEventName, executionId: execution.id, actionRef: execution.action.ref })
    )
      return '';
    let text = '';
    for (const segment of segments) {
      eachRecordJson(originOf(execution), segment, afterSeq, (seq, json) => {
        this.#position.setCursor(execution.id, seq);
        text += this.#frame(outputEventName, json);
      });
    }
    return text;
  }

  #frame(name: string, json: string): string {
    return `event: ${name}\nid: ${this.#position.id}\ndata: ${json}\n\n`;
  }

  #writeFrame(name: string, json: string | Buffer): boolean {
    if (typeof json === 'string') return this.#connection.write(this.#frame(name, json));
    this.#connection.write(`event: ${name}\nid: ${this.#position.id}\ndata: `);
    this.#connection.share(json);
    return this.#connection.write('\n\n');
  }

  /** Events are missing here. Clients of StackStorm's stream pass over a name they do not know. */
  #tellGap(): void {
    this.#connection.write(this.#frame(gapEventName, oneLineJson({ last_event_id: this.#options.lastEventId ?? '' })));
  }

  #end(): void {
    this.#isOver = true;
    this.#connection.end();
  }
}

/**
 * The execution whose end is waited for is always followed: its client most likely just requested it, and the journal
 * may have begun in the middle of its output.
 */
function followedOf({ filter, endExecutionId: end }: GeneralStreamOptions): readonly string[] {
  const { executionIds } = filter;
  if (!filter.wantsOutput) return [];
  const named = executionIds.length <= followedMax ? executionIds : [];
  const wantsEnd = end !== undefined && (executionIds.length === 0 || executionIds.includes(end));
  return wantsEnd ? [...new Set([end, ...named])] : named;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
