/** Following output, case by case. Chance has its turn in test/simulation/output-following.test.ts. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openMemoryStore, openTestContext, type TestContext } from '../../test/support/test-context.ts';
import { sampleExecution, sampleId } from '../../test/support/sample-execution.ts';
import { silentLog } from '../base/log.ts';
import type { Bus } from '../bus/bus.ts';
import { LocalBus } from '../bus/local/local-bus.ts';
import type { Execution } from '../core/model/execution.ts';
import { bytesAfter } from '../core/model/output-segment.ts';
import type { OutputWriter } from '../store/output-store.ts';
import type { Store } from '../store/store.ts';
import { publishChange } from './execution-changes.ts';
import { type FollowOptions, type OutputEncoding, OutputHub } from './output-hub.ts';

let store: Store;
beforeAll(async () => {
  store = await openMemoryStore();
});
afterAll(() => store[Symbol.asyncDispose]());

/** Loses what `isLost` says; everything else is the local bus's. */
class LossyBus extends LocalBus {
  isLost = false;
  override publish: Bus['publish'] = (...message) => {
    if (!this.isLost) super.publish(...message);
  };
}

/** Counts how often it encodes. */
function textEncoding(): OutputEncoding & { encoded: number } {
  return {
    key: 'text',
    encoded: 0,
    encode(_execution, segments, afterSeq) {
      this.encoded += 1;
      return Buffer.concat(segments.map((segment) => bytesAfter(segment, afterSeq)));
    },
  };
}

interface Following {
  readonly answer: Promise<Execution | undefined>;
  readonly changes: string[];
  readonly text: string;
  /** While true, every send is answered with "full", and `drained` waits until it is set to false. */
  isSlow: boolean;
  leave(): void;
}

interface Running extends AsyncDisposable {
  readonly opened: TestContext;
  readonly hub: OutputHub;
  readonly bus: LossyBus;
  readonly execution: Execution;
  readonly writer: OutputWriter;
  follow(options?: Partial<FollowOptions>): Following;
  finish(): Promise<void>;
  /** Moves the clock in small steps until it holds. */
  until(what: () => boolean): Promise<void>;
}

async function startRunning(wish: Partial<Execution> = {}): Promise<Running> {
  const bus = new LossyBus(silentLog);
  const opened = await openTestContext({ store, bus: () => bus });
  const { context, clock } = opened;
  const execution = sampleExecution({ status: 'running', ...wish });
  await store.executions.insert(execution);
  const hub = new OutputHub(context);
  const writer = await context.output.open(execution.id, {
    isWanted: () => bus.hasListeners('output.appended', execution.id),
    appended: (segments) => bus.publish('output.appended', { execution_id: execution.id, segments }, execution.id),
    storageFull: () => {},
  });
  return {
    opened,
    hub,
    bus,
    execution,
    writer,
    follow: (options = {}) => follow(hub, execution.id, options),
    async finish() {
      const output = await writer.seal();
      const finished = await store.executions.finish(execution.id, {
        to: 'succeeded',
        atUs: clock.nowUs(),
        endUs: clock.nowUs(),
        result: {},
        output,
      });
      if (finished) publishChange(context, 'update', finished);
    },
    async until(what) {
      for (let turns = 0; !what(); turns++) {
        if (turns > 2_000) throw new Error('waited for what does not come');
        clock.advance(5);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
    async [Symbol.asyncDispose]() {
      await writer[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
    },
  };
}

function follow(hub: OutputHub, executionId: string, options: Partial<FollowOptions>): Following {
  const abort = new AbortController();
  const changes: string[] = [];
  const sent: Buffer[] = [];
  let whenDrained: (() => void)[] = [];
  let isSlow = false;
  const answer = hub.follow(executionId, {
    afterSeq: 0,
    encoding: textEncoding(),
    sink: {
      send(bytes) {
        sent.push(bytes);
        return !isSlow;
      },
      drained: (signal) =>
        new Promise((resolve) => {
          if (!isSlow || signal.aborted) return resolve();
          whenDrained.push(resolve);
          signal.addEventListener('abort', () => resolve());
        }),
    },
    signal: abort.signal,
    onChange: (execution) => changes.push(execution.status),
    ...options,
  });
  return {
    answer,
    changes,
    get text() {
      return Buffer.concat(sent).toString();
    },
    get isSlow() {
      return isSlow;
    },
    set isSlow(value) {
      isSlow = value;
      if (isSlow) return;
      for (const resolve of whenDrained) resolve();
      whenDrained = [];
    },
    leave: () => abort.abort(),
  };
}

test('an execution that is over is replayed from the cursor, and answers itself', async () => {
  await using running = await startRunning();
  const { hub, execution, writer } = running;
  for (const line of ['1\n', '2\n', '3\n']) writer.write('stdout', Buffer.from(line));
  await running.finish();
  const whole = running.follow();
  const rest = running.follow({ afterSeq: 2 });
  const nothing = running.follow({ afterSeq: 3 });
  const beyond = running.follow({ afterSeq: 99 });
  for (const { answer } of [whole, rest, nothing, beyond])
    expect(await answer).toMatchObject({ id: execution.id, status: 'succeeded', output: { records: 3 } });
  expect([whole, rest, nothing, beyond].map(({ text }) => text)).toEqual(['1\n2\n3\n', '3\n', '', '']);
  expect(whole.changes).toEqual([]);
  expect(hub.readers).toBe(0);
});

test('what is not there cannot be followed, and leaves nothing behind', async () => {
  await using opened = await openTestContext({ store });
  const hub = new OutputHub(opened.context);
  const id = sampleId();
  await expect(follow(hub, id, {}).answer).rejects.toMatchObject({ code: 'not_found' });
  expect(hub.readers).toBe(0);
  expect(opened.context.bus.hasListeners('output.appended', id)).toBe(false);
});

test('a follower gets what was there, then what comes, then the end', async () => {
  await using running = await startRunning();
  const { writer, hub, bus, execution } = running;
  writer.write('stdout', Buffer.from('before\n'));
  const follower = running.follow();
  await running.until(() => follower.text === 'before\n');
  expect(hub.readers).toBe(1);
  writer.write('stderr', Buffer.from('live\n'));
  await running.until(() => follower.text === 'before\nlive\n');
  await running.finish();
  expect(await follower.answer).toMatchObject({ status: 'succeeded' });
  expect(follower.text).toBe('before\nlive\n');
  expect(hub.readers).toBe(0);
  expect(bus.hasListeners('output.appended', execution.id)).toBe(false);
  expect(bus.hasListeners('execution.changed', execution.id)).toBe(false);
});

test('a follower of one type gets that type; of none, nothing; and both end', async () => {
  await using running = await startRunning();
  const errors = running.follow({ types: ['stderr'] });
  const none = running.follow({ types: [] });
  for (const [type, line] of [
    ['stdout', 'o1\n'],
    ['stderr', 'e1\n'],
    ['output', 'p1\n'],
    ['stderr', 'e2\n'],
  ] as const) {
    running.writer.write(type, Buffer.from(line));
    await running.until(() => true);
  }
  await running.until(() => errors.text.includes('e2'));
  await running.finish();
  await Promise.all([errors.answer, none.answer]);
  expect([errors.text, none.text]).toEqual(['e1\ne2\n', '']);
});

test('changes are told once each, beginning with the state that is there', async () => {
  await using running = await startRunning({ status: 'requested' });
  const { context } = running.opened;
  const early = running.follow();
  await running.until(() => running.hub.readers === 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(early.changes).toEqual([]);
  const claimed = await store.executions.claim({
    limit: 1,
    nowUs: running.execution.due_us,
    runner: { hostname: 'h', pid: 1 },
  });
  for (const execution of claimed) publishChange(context, 'update', execution);
  await running.until(() => early.changes.length > 0);
  // One who comes while a change is under way hears of the state once, not twice.
  const canceling = await store.executions.move(running.execution.id, { to: 'canceling', atUs: 1 });
  const late = running.follow();
  if (canceling) publishChange(context, 'update', canceling);
  await running.until(() => early.changes.length > 1 && late.changes.length > 0);
  const output = await running.writer.seal();
  const over = await store.executions.finish(running.execution.id, {
    to: 'canceled',
    atUs: 1,
    endUs: 1,
    result: {},
    output,
  });
  if (over) publishChange(context, 'update', over);
  await Promise.all([early.answer, late.answer]);
  expect(early.changes).toEqual(['running', 'canceling']);
  expect(late.changes).toEqual(['canceling']);
});

test('followers at the same place share the bytes', async () => {
  await using running = await startRunning();
  const encoding = textEncoding();
  const followers = [1, 2, 3].map(() => running.follow({ encoding }));
  running.writer.write('stdout', Buffer.from('first\n'));
  await running.until(() => followers.every(({ text }) => text === 'first\n'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const before = encoding.encoded;
  running.writer.write('stdout', Buffer.from('second\n'));
  await running.until(() => followers.every(({ text }) => text === 'first\nsecond\n'));
  expect(encoding.encoded - before).toBe(1);
  await running.finish();
  await Promise.all(followers.map(({ answer }) => answer));
});

test('a slow follower is given nothing until it has taken what it has, and holds nobody up', async () => {
  await using running = await startRunning();
  const slow = running.follow();
  const fast = running.follow();
  running.writer.write('stdout', Buffer.from('0\n'));
  await running.until(() => fast.text === '0\n' && slow.text === '0\n');
  // Both are live now, or will be within a few turns.
  await new Promise((resolve) => setTimeout(resolve, 50));
  slow.isSlow = true;
  let expected = '0\n';
  for (let line = 1; line <= 20; line++) {
    running.writer.write('stdout', Buffer.from(`${line}\n`));
    expected += `${line}\n`;
    await running.until(() => fast.text === expected);
  }
  const taken = slow.text;
  expect(taken).toBe('0\n1\n');
  expect(running.opened.context.metrics.readersBehind.of('slow').value).toBe(1);
  await running.finish();
  expect(await fast.answer).toBeDefined();
  expect(slow.text).toBe(taken);
  slow.isSlow = false;
  expect(await slow.answer).toBeDefined();
  expect(slow.text).toBe(expected);
});

test('one that leaves is gone at once: while live, while slow, while its first page is read', async () => {
  await using running = await startRunning();
  const { hub, bus, execution } = running;
  const live = running.follow();
  const slow = running.follow();
  slow.isSlow = true;
  running.writer.write('stdout', Buffer.from('x\n'));
  await running.until(() => live.text === 'x\n' && slow.text === 'x\n');
  live.leave();
  slow.leave();
  expect(await Promise.all([live.answer, slow.answer])).toEqual([undefined, undefined]);
  const reading = running.follow({ afterSeq: 1 });
  reading.leave();
  expect(await reading.answer).toBeUndefined();
  // At every moment of the way in: the number of turns until it reads, or is live, is not ours to know.
  for (let turns = 0; turns < 30; turns++) {
    const leaving = running.follow({ afterSeq: 1 });
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    leaving.leave();
    expect(await leaving.answer).toBeUndefined();
  }
  expect(hub.readers).toBe(0);
  expect(bus.hasListeners('output.appended', execution.id)).toBe(false);
});

test('output whose hint was lost comes with the next hint, and at the latest with the poll', async () => {
  await using running = await startRunning();
  const { bus, writer } = running;
  const follower = running.follow();
  writer.write('stdout', Buffer.from('1\n'));
  await running.until(() => follower.text === '1\n');
  bus.isLost = true;
  writer.write('stdout', Buffer.from('2\n'));
  bus.isLost = false;
  writer.write('stdout', Buffer.from('3\n'));
  await running.until(() => follower.text === '1\n2\n3\n');
  bus.isLost = true;
  writer.write('stdout', Buffer.from('4\n'));
  running.opened.clock.advance(2_000);
  for (let turns = 0; turns < 1_000 && follower.text !== '1\n2\n3\n4\n'; turns++)
    await new Promise((resolve) => setTimeout(resolve, 1));
  expect(follower.text).toBe('1\n2\n3\n4\n');
  follower.leave();
  await follower.answer;
});

test('an end of which nobody told is found by asking', async () => {
  await using running = await startRunning();
  const follower = running.follow();
  running.writer.write('stdout', Buffer.from('1\n'));
  await running.until(() => follower.text === '1\n');
  running.bus.isLost = true;
  running.writer.write('stdout', Buffer.from('2\n'));
  await running.finish();
  await running.until(() => follower.text === '1\n2\n');
  expect(await follower.answer).toMatchObject({ status: 'succeeded' });
});

test('many followers are served together, a little later', async () => {
  await using running = await startRunning();
  const followers = Array.from({ length: 40 }, () => running.follow());
  await running.until(() => running.hub.readers === 40);
  await new Promise((resolve) => setTimeout(resolve, 50));
  running.writer.write('stdout', Buffer.from('1\n'));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(followers.every(({ text }) => text === '')).toBe(true);
  running.opened.clock.advance(50);
  expect(followers.every(({ text }) => text === '1\n')).toBe(true);
  running.writer.write('stdout', Buffer.from('2\n'));
  await running.finish();
  await Promise.all(followers.map(({ answer }) => answer));
  expect(followers.every(({ text }) => text === '1\n2\n')).toBe(true);
});
