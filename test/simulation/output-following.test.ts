/**
 * Whoever follows an execution's output gets exactly the records after the cursor, in order, and then the end: whatever
 * the bus loses, doubles or delays, whenever followers join, leave and come back, however slow they are, and though the
 * writing server restarts in between. What a lost message costs is one poll, not a line.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ManualClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemCode } from '../../src/base/errors.ts';
import { LocalBus } from '../../src/bus/local/local-bus.ts';
import type { Execution } from '../../src/core/model/execution.ts';
import { eachRecord } from '../../src/core/model/output-segment.ts';
import { type OutputType, outputTypes } from '../../src/core/model/output-record.ts';
import type { Context } from '../../src/operations/context.ts';
import { publishChange } from '../../src/operations/execution-changes.ts';
import { type OutputEncoding, OutputHub, type OutputSink } from '../../src/operations/output-hub.ts';
import type { OutputWriter } from '../../src/store/output-store.ts';
import type { Store } from '../../src/store/store.ts';
import { type LogRecord, readAll, textOf } from '../support/output-log.ts';
import { sampleExecution } from '../support/sample-execution.ts';
import { openMemoryStore, openTestContext } from '../support/test-context.ts';
import { type Chance, seededChance, seeds } from './seeded-chance.ts';
import { UnreliableBus } from './unreliable-bus.ts';

type Got = Pick<LogRecord, 'seq' | 'type' | 'data'>;

/** One JSON line per record. */
const encoding: OutputEncoding = {
  key: 'lines',
  encode(_execution, segments, afterSeq) {
    const lines: string[] = [];
    for (const segment of segments)
      eachRecord(segment, afterSeq, (seq, data) => lines.push(JSON.stringify({ seq, type: segment.type, data })));
    return Buffer.from(lines.map((line) => `${line}\n`).join(''));
  },
};

/** A client that reads at its own pace, leaves now and then, and comes back with the cursor of what it got last. */
class Client {
  readonly got: Got[] = [];
  readonly types: readonly OutputType[] | undefined;
  readonly afterSeq: number;
  ended: Execution | undefined;
  readonly done: Promise<void>;
  readonly #hub: OutputHub;
  readonly #executionId: string;
  readonly #clock: ManualClock;
  readonly #chance: Chance;
  /** Of sends, the share after which this client is slow. */
  readonly #slowness: number;
  #leave = new AbortController();
  #misused: string | undefined;

  constructor(hub: OutputHub, executionId: string, clock: ManualClock, chance: Chance, endSeq: number) {
    this.#hub = hub;
    this.#executionId = executionId;
    this.#clock = clock;
    this.#chance = chance;
    this.#slowness = chance.of([0, 0, 0.3, 1]);
    this.afterSeq = chance.of([0, 0, chance.between(0, endSeq), endSeq]);
    this.types = chance.of([undefined, undefined, ['stdout'], ['stderr', 'output'], []]);
    this.done = this.#follow();
  }

  leave(): void {
    this.#leave.abort();
  }

  /** What of `all` it should have. */
  expected(all: readonly LogRecord[]): readonly Got[] {
    return all
      .filter(({ seq, type }) => seq > this.afterSeq && (!this.types || this.types.includes(type)))
      .map(({ seq, type, data }) => ({ seq, type, data }));
  }

  hasAll(all: readonly LogRecord[]): boolean {
    return this.got.length >= this.expected(all).length;
  }

  get misused(): string | undefined {
    return this.#misused;
  }

  async #follow(): Promise<void> {
    while (!this.ended) {
      this.#leave = new AbortController();
      const { signal } = this.#leave;
      this.ended = await this.#hub.follow(this.#executionId, {
        afterSeq: this.got.at(-1)?.seq ?? this.afterSeq,
        ...(this.types && { types: this.types }),
        encoding,
        sink: this.#sink(signal),
        signal,
      });
      if (!this.ended) await this.#wait(this.#chance.between(1, 80));
    }
  }

  #sink(signal: AbortSignal): OutputSink {
    let isFull = false;
    return {
      send: (bytes) => {
        if (isFull) this.#misused = 'was given bytes although its buffer was full';
        // A connection that is gone takes nothing: what was sent into it did not arrive.
        if (!signal.aborted)
          for (const line of bytes.toString().split('\n').slice(0, -1)) this.got.push(JSON.parse(line));
        isFull = this.#chance.is(this.#slowness);
        return !isFull;
      },
      drained: async () => {
        if (isFull && !signal.aborted) await this.#wait(this.#chance.between(0, 40));
        isFull = false;
      },
    };
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.after(ms, resolve));
  }
}

/** The server that runs the execution: writes, tells, restarts, and ends it. */
class Producer {
  readonly #context: Context;
  readonly #chance: Chance;
  readonly #executionId: string;
  #writer: OutputWriter;

  private constructor(context: Context, chance: Chance, executionId: string, writer: OutputWriter) {
    this.#context = context;
    this.#chance = chance;
    this.#executionId = executionId;
    this.#writer = writer;
  }

  static async start(context: Context, chance: Chance, executionId: string): Promise<Producer> {
    return new Producer(context, chance, executionId, await Producer.#open(context, executionId));
  }

  static #open({ bus, output }: Context, executionId: string): Promise<OutputWriter> {
    return output.open(executionId, {
      isWanted: () => bus.hasListeners('output.appended', executionId),
      appended: (segments) => bus.publish('output.appended', { execution_id: executionId, segments }, executionId),
      wantsLong: () => bus.hasListeners('output.appended'),
      grew: (end_seq) =>
        bus.publish('output.appended', { execution_id: executionId, segments: [], end_seq }, executionId),
      storageFull: () => {},
    });
  }

  get endSeq(): number {
    return this.#writer.endSeq;
  }

  get directory(): string {
    return this.#writer.directory;
  }

  async step(): Promise<void> {
    const chance = this.#chance;
    if (chance.is(0.05)) {
      await this.#writer[Symbol.asyncDispose]();
      this.#writer = await Producer.#open(this.#context, this.#executionId);
    }
    for (let writes = chance.between(0, 3); writes > 0; writes--) {
      const type = chance.of(outputTypes as readonly [OutputType, ...OutputType[]]); // it has three
      const text = chance.of([
        'line\n',
        'unfinished',
        '1\n2\n3\n',
        '✓',
        '\r50%',
        'x'.repeat(70_000),
        'y\n'.repeat(6_000),
      ]);
      const bytes = Buffer.from(text);
      this.#writer.write(type, chance.is(0.1) ? bytes.subarray(0, Math.ceil(bytes.length / 2)) : bytes);
    }
  }

  async end(): Promise<void> {
    const output = await this.#writer.seal();
    const atUs = this.#context.clock.nowUs();
    const finish = { to: 'succeeded', atUs, endUs: atUs, result: {}, output } as const;
    const finished = await this.#context.store.executions.finish(this.#executionId, finish);
    if (finished) publishChange(this.#context, 'update', finished);
  }
}

/** Lets what is under way outside of the clock go on: file reads, the database thread. */
async function breathe(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1));
}

/**
 * Moves the clock until `isDone`, for at most ten times the interval in which followers look for themselves: files and
 * database take their own time meanwhile, which is not the clock's.
 */
async function moveUntil(clock: ManualClock, isDone: () => boolean): Promise<boolean> {
  for (let movedMs = 0; movedMs < 20_000; movedMs += 25) {
    if (isDone()) return true;
    clock.advance(25);
    await breathe();
  }
  return isDone();
}

async function simulate(store: Store, seed: number): Promise<void> {
  const chance = seededChance(seed);
  const faults = { lost: chance.of([0, 0.1, 0.5, 1]), doubled: 0.1, late: chance.of([0, 0.3]), lateMsMax: 120 };
  await using opened = await openTestContext({
    store,
    bus: (clock) =>
      new UnreliableBus(
        new LocalBus(silentLog),
        clock,
        chance,
        faults.lost === 1 ? { ...faults, doubled: 0, late: 0 } : faults,
      ),
  });
  const { context, clock } = opened;
  const execution = sampleExecution({ status: 'running', id: context.newId() });
  await store.executions.insert(execution);
  const hub = new OutputHub(context);
  const producer = await Producer.start(context, chance, execution.id);
  const clients: Client[] = [];
  const joinAnother = () => clients.push(new Client(hub, execution.id, clock, chance, producer.endSeq));
  // In some runs enough of them that they are served together.
  for (let first = chance.of([0, 1, 2, 20]); first > 0; first--) joinAnother();
  for (let steps = chance.between(5, 25); steps > 0; steps--) {
    await producer.step();
    if (chance.is(0.15)) joinAnother();
    if (clients.length > 0 && chance.is(0.15)) clients[chance.between(0, clients.length - 1)]?.leave();
    clock.advance(chance.of([0, 1, 12, 60]));
    if (chance.is(0.7)) await breathe();
    // Now it says nothing for a while: what was lost on the way is found within the interval of the poll.
    if (chance.is(0.05)) {
      clock.advance(150);
      const soFar = await readAll(context.output, execution.id);
      const isDone = () => clients.every((client) => client.hasAll(soFar));
      expect(await moveUntil(clock, isDone), `seed ${seed}: output is late while the execution is quiet`).toBe(true);
    }
  }
  joinAnother();
  await producer.end();
  joinAnother();
  const isDone = () => clients.every((client) => client.ended);
  expect(await moveUntil(clock, isDone), `seed ${seed}: some follower never ends`).toBe(true);
  await Promise.all(clients.map((client) => client.done));
  const all = await readAll(context.output, execution.id);
  for (const [at, client] of clients.entries()) {
    const what = `seed ${seed}, client ${at}`;
    expect(client.got, what).toEqual(client.expected(all));
    expect(client.ended?.status, what).toBe('succeeded');
    expect(client.misused, what).toBeUndefined();
  }
  for (const type of outputTypes)
    expect(textOf(all, type), `seed ${seed}: ${type}`).toBe(await readText(join(producer.directory, type)));
  expect(hub.readers).toBe(0);
  expect(context.bus.hasListeners('output.appended', execution.id)).toBe(false);
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return '';
    throw error;
  }
}

let store: Store;
beforeAll(async () => {
  store = await openMemoryStore();
});
afterAll(() => store[Symbol.asyncDispose]());

test('followers get exactly what they have not seen, in order, and the end', async () => {
  for (const seed of seeds(200)) await simulate(store, seed);
}, 180_000);
