/**
 * The output of one execution, from the server into the buffer: connects, takes records in their order once each, keeps the state
 * that the view shows, and tells it at most once a frame.
 */
import { send } from '../server/request.ts';
import type { Execution, OutputEnd, OutputRecord } from '../server/types.ts';
import { type ConnectionState, connectStream } from '../stream/event-connection.ts';
import type { SseFrame } from '../stream/sse-parser.ts';
import { LineAssembler } from './line-assembler.ts';
import { linesMax, OutputBuffer } from './output-buffer.ts';
import type { LineSource } from './output-rows.ts';

export interface FeedState extends LineSource {
  /** Grows with every change. */
  readonly version: number;
  readonly connection: ConnectionState;
  /** What the server said at the end of the output. */
  readonly end: OutputEnd | undefined;
  /** Code units of the longest line. */
  readonly longest: number;
  /** To be added to a line's number: lines that were not even fetched, because the output had ended and is very long. */
  readonly numberOffset: number;
  /** That have printed something; none where the action runs in one place. */
  readonly hosts: readonly string[];
}

/** An ended output with more bytes than this is not streamed from its start: nobody waits for gigabytes to see the end. */
const wholeBytesMax = 64_000_000;

export class OutputFeed {
  readonly #id: string;
  readonly #onExecution: (execution: Execution) => void;
  readonly #buffer = new OutputBuffer();
  #assembler = new LineAssembler(this.#buffer);
  readonly #listeners = new Set<() => void>();
  #connection: ConnectionState = { kind: 'connecting' };
  #end: OutputEnd | undefined;
  #numberOffset = 0;
  #isScheduled = false;
  #state: FeedState;

  constructor(id: string, onExecution: (execution: Execution) => void) {
    this.#id = id;
    this.#onExecution = onExecution;
    this.#state = this.#snapshot(0);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The same object until something changes. */
  readonly current = (): FeedState => this.#state;

  /** Starts reading; returns the way to stop. A feed is started once. `execution` as it is known when the page opens. */
  start(execution: Execution): () => void {
    const { output } = execution;
    if (output !== undefined && (output.bytes > wholeBytesMax || output.lines > linesMax))
      return this.#startTail(execution, output);
    const path = `stream/v1/executions/${encodeURIComponent(this.#id)}/output?status=true&end=true`;
    return connectStream(path, {
      onFrames: (frames) => this.#take(frames),
      onState: (connection) => {
        this.#connection = connection;
        this.#changed();
      },
    });
  }

  #take(frames: readonly SseFrame[]): 'more' | 'end' {
    let outcome: 'more' | 'end' = 'more';
    for (const frame of frames) {
      switch (frame.event) {
        case 'st2.execution.output__create':
          this.#assembler.push(JSON.parse(frame.data) as OutputRecord); // the published record
          break;
        case 'st2.execution__update':
          this.#onExecution(JSON.parse(frame.data) as Execution); // the published execution, without its result
          break;
        case 'st2.execution.output__end':
          this.#end = JSON.parse(frame.data) as OutputEnd; // the published end
          break;
        case 'EOF':
          outcome = 'end';
          break;
      }
    }
    this.#changed();
    return outcome;
  }

  /** A long output that has ended: its last lines, by the plain interface. */
  #startTail(execution: Execution, output: NonNullable<Execution['output']>): () => void {
    const stop = new AbortController();
    this.#readTail(stop.signal).then(
      () => {
        this.#assembler.flush();
        this.#numberOffset = Math.max(0, output.lines - (this.#buffer.lines.at(-1)?.number ?? 0));
        this.#end = { ...output, execution_id: execution.id, status: execution.status };
        this.#connection = { kind: 'ended' };
        this.#changed();
      },
      (error: unknown) => {
        if (stop.signal.aborted) return;
        this.#connection = { kind: 'refused', status: 0, message: String(error) };
        this.#changed();
      },
    );
    return () => stop.abort();
  }

  async #readTail(signal: AbortSignal): Promise<void> {
    const response = await send(`api/v1/executions/${encodeURIComponent(this.#id)}/output`, {
      query: { format: 'ndjson', tail: linesMax },
      signal,
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let isFirst = true;
    let rest = '';
    for (let read = await reader?.read(); read !== undefined && !read.done; read = await reader?.read()) {
      const lines = (rest + read.value).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line === '') continue;
        const record = JSON.parse(line) as OutputRecord; // the published record
        if (isFirst) this.#assembler = new LineAssembler(this.#buffer, record.seq - 1);
        isFirst = false;
        this.#assembler.push(record);
      }
      this.#changed();
    }
  }

  #changed(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    requestAnimationFrame(() => {
      this.#isScheduled = false;
      this.#assembler.flush();
      this.#state = this.#snapshot(this.#state.version + 1);
      for (const listener of this.#listeners) listener();
    });
  }

  #snapshot(version: number): FeedState {
    return {
      version,
      lines: this.#buffer.lines,
      dropped: this.#buffer.dropped,
      unsettledFrom: this.#assembler.unsettledFrom,
      longest: this.#buffer.longest,
      connection: this.#connection,
      end: this.#end,
      numberOffset: this.#numberOffset,
      hosts: this.#assembler.hosts,
    };
  }
}
