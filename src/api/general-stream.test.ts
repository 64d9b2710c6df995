/** The general stream over real sockets, a real store and a bus that can lose hints: what comes, and what comes again. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sampleExecution } from '../../test/support/sample-execution.ts';
import { until, within } from '../../test/support/server-wait.ts';
import { EventStream, outputEvent } from '../../test/support/sse.ts';
import { openMemoryStore, openTestContext, type TestContext } from '../../test/support/test-context.ts';
import { silentLog } from '../base/log.ts';
import type { Bus } from '../bus/bus.ts';
import { LocalBus } from '../bus/local/local-bus.ts';
import type { Execution } from '../core/model/execution.ts';
import { publishChange } from '../operations/execution-changes.ts';
import { OutputHub } from '../operations/output-hub.ts';
import type { OutputWriter } from '../store/output-store.ts';
import type { Store } from '../store/store.ts';
import { eventFilter } from './event-filter.ts';
import { EventJournal } from './event-journal.ts';
import { GeneralStream, type GeneralStreamOptions, startCursors } from './general-stream.ts';
import { StreamConnection } from './stream-connection.ts';

/** Loses hints of output while told to. */
class LossyBus extends LocalBus {
  losesOutput = false;
  override publish: Bus['publish'] = (subject, ...message) => {
    if (!(this.losesOutput && subject === 'output.appended')) super.publish(subject, ...message);
  };
}

interface Running {
  readonly execution: Execution;
  readonly writer: OutputWriter;
  finish(): Promise<void>;
}

interface Opened extends AsyncDisposable {
  readonly opened: TestContext;
  readonly bus: LossyBus;
  /** With everything of output and executions, unless it says otherwise. */
  connect(wish?: Partial<GeneralStreamOptions>, stallAfterBytes?: number): Promise<EventStream>;
  /** An execution that runs; `isAdopted`: nobody heard of it before. */
  run(isAdopted?: boolean): Promise<Running>;
}

let store: Store;
let here: Opened;
beforeAll(async () => {
  store = await openMemoryStore();
});
afterAll(() => store[Symbol.asyncDispose]());
beforeEach(async () => {
  here = await open();
});
afterEach(() => here[Symbol.asyncDispose]());

const update = 'st2.execution__update';
const gap = 'st2.stream__gap';
const everything = eventFilter({ events: [outputEvent, update] });

async function open(): Promise<Opened> {
  const bus = new LossyBus(silentLog);
  const opened = await openTestContext({ store, bus: () => bus });
  const { context, clock } = opened;
  const view = { webUrl: 'http://st2.example', showSecrets: false };
  const find = (id: string, result: Parameters<Store['executions']['find']>[1]) => store.executions.find(id, result);
  const journal = new EventJournal({ bus, clock, view, find });
  const hub = new OutputHub(context);
  let options: GeneralStreamOptions = { filter: everything, variant: 'full' };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const cursors = await startCursors(context, options);
    const connection = new StreamConnection(request, response, { contentType: 'text/event-stream', clock });
    await new GeneralStream(context, hub, journal, view, connection, options, cursors).run();
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    opened,
    bus,
    async connect(wish = {}, stallAfterBytes) {
      options = { filter: everything, variant: 'full', ...wish };
      const stream = await EventStream.open(`http://127.0.0.1:${port}`, {
        ...(stallAfterBytes !== undefined && { stallAfterBytes }),
      });
      await stream.waitFor('the first byte', ({ bytes }) => bytes > 0);
      return stream;
    },
    async run(isAdopted = false) {
      const execution = sampleExecution({ status: 'running' });
      await store.executions.insert(execution);
      if (!isAdopted) publishChange(context, 'create', execution);
      const writer = await context.output.open(execution.id, {
        isWanted: () => bus.hasListeners('output.appended', execution.id),
        appended: (segments) => bus.publish('output.appended', { execution_id: execution.id, segments }, execution.id),
        wantsLong: () => false,
        grew: (end_seq) =>
          bus.publish('output.appended', { execution_id: execution.id, segments: [], end_seq }, execution.id),
        storageFull: () => {},
      });
      return {
        execution,
        writer,
        async finish() {
          const output = await writer.seal();
          const result = { stdout: 'x' };
          const atUs = clock.nowUs();
          const finished = await store.executions.finish(execution.id, {
            to: 'succeeded',
            from: ['running'],
            atUs,
            endUs: atUs,
            result,
            output,
          });
          if (finished) publishChange(context, 'update', finished);
        },
      };
    },
    async [Symbol.asyncDispose]() {
      journal[Symbol.dispose]();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await opened[Symbol.asyncDispose]();
    },
  };
}

const print = ({ writer }: Running, text: string) => writer.write('stdout', Buffer.from(text));
const isOver = (stream: EventStream) =>
  stream.events(update).some(({ data }) => JSON.parse(data).status === 'succeeded');
const hasEnded = (stream: EventStream) => stream.waitFor('the end', isOver);
/** Longer than what is handed over with its bytes. */
const flood = (of: string) => `${of.repeat(99)}\n`.repeat(1_000);

describe('output', () => {
  test('comes whole and in order, short and long, before the end of its execution', async () => {
    using stream = await here.connect();
    const running = await here.run();
    // Short with many records too: they are written in pieces.
    const texts = ['one\n', flood('a'), 'two\n', flood('b'), flood('c'), 'y\n'.repeat(4_000), 'three\n'];
    for (const text of texts) print(running, text);
    await running.finish();
    await hasEnded(stream);
    expect(stream.data).toBe(texts.join(''));
    expect(stream.records.map((record) => record.seq)).toEqual(stream.records.map((_, at) => at + 1));
    expect(stream.frames.at(-1)?.event).toBe(update);
    expect(stream.frames.filter((frame) => frame.id === undefined)).toEqual([]);
    expect(new Set(stream.frames.map((frame) => frame.id)).size).toBe(stream.frames.length);
  });

  test('of two executions comes each in its order', async () => {
    using stream = await here.connect();
    const runs = [await here.run(), await here.run()];
    for (let round = 0; round < 5; round++)
      for (const [at, running] of runs.entries()) print(running, at === 0 ? flood('a') : `line ${round}\n`);
    for (const running of runs) await running.finish();
    await stream.waitFor('both ends', () => stream.events(update).length === 2);
    for (const { execution } of runs) {
      const own = stream.records.filter((record) => record.execution_id === execution.id);
      expect(own.map((record) => record.seq)).toEqual(own.map((_, at) => at + 1));
    }
    expect(stream.records).toHaveLength(5_005);
  });

  test('of an execution that nobody heard of is named from the store', async () => {
    using stream = await here.connect();
    const running = await here.run(true);
    print(running, 'one\n');
    print(running, flood('a'));
    await running.finish();
    await hasEnded(stream);
    expect(stream.data).toBe(`one\n${flood('a')}`);
    expect(stream.records[0]).toMatchObject({ action_ref: 'core.local', runner_ref: 'local-shell-cmd' });
  });

  test('of a flood in which a client arrives begins with what is new', async () => {
    const running = await here.run(true);
    print(running, flood('a'));
    using stream = await here.connect();
    print(running, flood('b'));
    print(running, 'end\n');
    await running.finish();
    await hasEnded(stream);
    expect(stream.data).toBe(`${flood('b')}end\n`);
  });

  test('whose hints were lost comes all the same', async () => {
    using stream = await here.connect();
    const running = await here.run();
    here.bus.losesOutput = true;
    print(running, 'one\n');
    here.bus.losesOutput = false;
    print(running, 'two\n');
    await stream.waitFor('both', ({ data }) => data === 'one\ntwo\n');
    here.bus.losesOutput = true;
    print(running, 'three\n');
    await running.finish();
    await hasEnded(stream);
    expect(stream.data).toBe('one\ntwo\nthree\n');
  });

  test('of unwanted actions does not come', async () => {
    using stream = await here.connect({ filter: eventFilter({ events: ['*'], actionRefs: ['core.noop'] }) });
    using witness = await here.connect();
    const running = await here.run(true);
    print(running, 'one\n');
    print(running, flood('a'));
    await running.finish();
    await hasEnded(witness);
    expect(stream.frames).toEqual([]);
  });
});

describe('a client that comes back', () => {
  test('after any frame gets the next one, nothing twice', async () => {
    using stream = await here.connect();
    const running = await here.run();
    // Several records an event, events that are read together, and other events between.
    const texts = ['1\n2\n3\n', flood('a'), flood('b'), '4\n', flood('c'), '5\n6\n'];
    for (const text of texts) print(running, text);
    const other = await here.run();
    print(other, '7\n');
    await other.finish();
    await running.finish();
    await stream.waitFor('both ends', () => stream.events(update).length === 2);
    const frames = stream.frames.map(({ event, id, data }) => ({ event, id, data }));
    const near = [
      0, 1, 2, 3, 4, 1_001, 1_002, 1_003, 2_002, 2_003, 2_004, 2_005, 3_003, 3_004, 3_005, 3_006, 3_007, 3_008,
    ];
    for (const at of near) {
      using again = await here.connect({ lastEventId: frames[at]?.id ?? '' });
      await again.waitFor('the rest', () => again.frames.length >= frames.length - at - 1);
      expect(again.events(gap)).toEqual([]);
      expect(again.frames.map(({ event, data }) => ({ event, data }))).toEqual(
        frames.slice(at + 1).map(({ event, data }) => ({ event, data })),
      );
    }
  });

  test('twice in the middle of events that were read together gets the rest', async () => {
    using late = await here.connect({}, 1);
    const running = await here.run();
    for (const of of ['a', 'b', 'c', 'd']) print(running, flood(of));
    await running.finish();
    late.resume();
    await hasEnded(late);
    const whole = late.frames.map(({ data }) => data);
    const cut = (stream: EventStream, at: number) => stream.frames[at]?.id ?? '';
    using second = await here.connect({ lastEventId: cut(late, 1_500) });
    await hasEnded(second);
    expect(second.frames.map(({ data }) => data)).toEqual(whole.slice(1_501));
    using third = await here.connect({ lastEventId: cut(second, 999) });
    await hasEnded(third);
    expect(third.frames.map(({ data }) => data)).toEqual(whole.slice(2_501));
  });

  test('to the middle of a flood in which it had arrived gets the rest', async () => {
    const running = await here.run(true);
    print(running, flood('a'));
    using stream = await here.connect();
    print(running, flood('b'));
    await running.finish();
    await hasEnded(stream);
    const whole = stream.frames.map(({ data }) => data);
    using again = await here.connect({ lastEventId: stream.frames[500]?.id ?? '' });
    await hasEnded(again);
    expect(again.frames.map(({ data }) => data)).toEqual(whole.slice(501));
  });

  test('with an id of another process, or none of ours, is told of the gap and goes on from now', async () => {
    for (const lastEventId of ['00000000-3', 'nonsense', '17']) {
      using stream = await here.connect({ lastEventId });
      const running = await here.run();
      print(running, 'one\n');
      await stream.waitFor('the line', ({ data }) => data === 'one\n');
      expect(stream.frames.map((frame) => frame.event)).toEqual([gap, outputEvent]);
      expect(JSON.parse(stream.frames[0]?.data ?? '')).toEqual({ last_event_id: lastEventId });
      await running.finish();
    }
  });

  test('after output was not taken in for want of clients is told of the gap, once', async () => {
    const running = await here.run();
    let lastEventId: string;
    {
      using stream = await here.connect();
      print(running, 'one\n');
      await stream.waitFor('the line', ({ data }) => data === 'one\n');
      lastEventId = stream.lastId;
    }
    // Away for a moment: nothing is missed.
    {
      using stream = await here.connect({ lastEventId });
      print(running, 'two\n');
      await stream.waitFor('the line', ({ data }) => data === 'two\n');
      expect(stream.events(gap)).toEqual([]);
      lastEventId = stream.lastId;
    }
    await until('it is seen that nobody is there', () => {
      here.opened.clock.advance(31_000);
      return !here.bus.hasListeners('output.appended');
    });
    print(running, 'missed\n');
    using stream = await here.connect({ lastEventId });
    print(running, 'three\n');
    await stream.waitFor('the line', ({ data }) => data === 'three\n');
    expect(stream.events(gap)).toHaveLength(1);
    using again = await here.connect({ lastEventId: stream.lastId });
    print(running, 'four\n');
    await again.waitFor('the line', ({ data }) => data === 'four\n');
    expect(again.events(gap)).toEqual([]);
    await running.finish();
  });
});

test('a client too far behind is cut off, comes back, is told of the gap, and is well again', async () => {
  const filter = eventFilter({ events: ['st2.announcement__*', update] });
  using stalled = await here.connect({ filter }, 1);
  const announce = async (count: number, payload: unknown) => {
    for (let at = 0; at < count; at++)
      here.bus.publish('announcement', { route: 'r', payload, trace_context: null }, 'r');
    await new Promise((resolve) => setImmediate(resolve));
  };
  // More than the buffers of the system hold, and more events than are kept.
  for (let at = 0; at < 60; at++) await announce(1_000, 'x'.repeat(500));
  stalled.resume();
  expect(await within('it is cut off', 10_000, stalled.closed)).toBe('broken');
  using back = await here.connect({ filter, lastEventId: stalled.lastId });
  await announce(1, 'new');
  await back.waitFor('news', ({ frames }) => frames.length === 2);
  expect(back.frames.map((frame) => frame.event)).toEqual([gap, 'st2.announcement__r']);
  using again = await here.connect({ filter, lastEventId: back.frames[0]?.id ?? '' });
  await again.waitFor('news', ({ frames }) => frames.length === 1);
  expect(again.events(gap)).toEqual([]);
});

test('long events come whole to all', async () => {
  const streams = [await here.connect(), await here.connect({ variant: 'no result' })];
  const parameters = { cmd: 'ü'.repeat(200_000) };
  publishChange(here.opened.context, 'update', sampleExecution({ parameters, status: 'succeeded', result: { a: 1 } }));
  for (const stream of streams) await hasEnded(stream);
  const bodies = streams.map((stream) => JSON.parse(stream.frames[0]?.data ?? ''));
  expect(bodies).toMatchObject([{ parameters, result: { a: 1 } }, { parameters }]);
  expect(bodies[1]).not.toHaveProperty('result');
  for (const stream of streams) stream[Symbol.dispose]();
});
