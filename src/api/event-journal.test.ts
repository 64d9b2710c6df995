import { describe, expect, test } from 'vitest';
import { sampleExecution } from '../../test/support/sample-execution.ts';
import { ManualClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { LocalBus } from '../bus/local/local-bus.ts';
import type { Execution } from '../core/model/execution.ts';
import { measure, type OutputSegment } from '../core/model/output-segment.ts';
import { EventJournal } from './event-journal.ts';
import type { JournalEvent } from './journal-event.ts';

interface Opened extends Disposable {
  readonly bus: LocalBus;
  readonly clock: ManualClock;
  readonly journal: EventJournal;
}

function open(find: (id: string) => Promise<Execution | undefined> = () => Promise.resolve(undefined)): Opened {
  const bus = new LocalBus(silentLog);
  const clock = new ManualClock();
  const view = { webUrl: 'http://st2.example', showSecrets: false };
  const journal = new EventJournal({ bus, clock, view, find });
  return { bus, clock, journal, [Symbol.dispose]: () => journal[Symbol.dispose]() };
}

/** Lets the bus deliver and promises go on. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function segment(text: string, firstSeq = 1): OutputSegment {
  const bytes = Buffer.from(text);
  return { type: 'stdout', firstSeq, timeUs: 0, lostBytes: 0, offset: 0, bytes, ...measure(bytes) };
}

function say(bus: LocalBus, execution: Execution, ...segments: OutputSegment[]): void {
  bus.publish('output.appended', { execution_id: execution.id, segments }, execution.id);
}

/** Says how far the log reaches now, as for long segments. */
function reach(bus: LocalBus, execution: Execution, endSeq: number): void {
  bus.publish('output.appended', { execution_id: execution.id, segments: [], end_seq: endSeq }, execution.id);
}

function change(bus: LocalBus, execution: Execution, event: 'create' | 'update' | 'delete' = 'update'): void {
  bus.publish('execution.changed', { event, execution }, execution.id);
}

function names(events: readonly JournalEvent[] | undefined): readonly string[] {
  return (events ?? []).map((event) => event.name.replace('st2.', ''));
}

/** Of output events: `after..end`, and the bytes where they are at hand. */
function outputs(journal: EventJournal): readonly string[] {
  return (journal.after(0) ?? []).flatMap((event) =>
    event.kind === 'output'
      ? [`${event.afterSeq ?? '?'}..${event.endSeq} ${event.segment?.value?.bytes.toString().trim() ?? '-'}`]
      : [],
  );
}

describe('events', () => {
  test('a change is an event of the live action, then one of the execution, in one numbered order', async () => {
    using opened = open();
    const execution = sampleExecution();
    change(opened.bus, execution, 'create');
    change(opened.bus, { ...execution, status: 'succeeded' });
    change(opened.bus, execution, 'delete');
    await settle();
    const events = opened.journal.after(0);
    expect(names(events)).toEqual([
      'liveaction__create',
      'execution__create',
      'liveaction__update',
      'execution__update',
      'execution__delete',
    ]);
    expect(events?.map((event) => event.number)).toEqual([1, 2, 3, 4, 5]);
    expect(opened.journal.end).toBe(5);
    expect(events?.map((event) => event.kind === 'execution' && event.isEnd)).toEqual([
      false,
      false,
      true,
      true,
      false,
    ]);
    for (const event of events ?? []) expect(event).toMatchObject({ execution: { id: execution.id } });
    expect(names(opened.journal.after(3))).toEqual(['execution__update', 'execution__delete']);
    expect(names(opened.journal.after(1, 2))).toEqual(['execution__create', 'liveaction__update']);
    expect(opened.journal.after(5)).toEqual([]);
  });

  test('announcements of any route', async () => {
    using opened = open();
    const message = { route: 'chat.ops', payload: { a: [1] }, trace_context: null };
    opened.bus.publish('announcement', message, message.route);
    await settle();
    const [event] = opened.journal.after(0) ?? [];
    expect(event?.name).toBe('st2.announcement__chat.ops');
    expect(event).toMatchObject({ json: '{"payload":{"a":[1]},"trace_context":null}' });
  });

  test('listeners are told after events were added, until they stop', async () => {
    using opened = open();
    let seen = 0;
    const listening = opened.journal.listen(() => {
      seen = opened.journal.end;
    });
    change(opened.bus, sampleExecution());
    await settle();
    expect(seen).toBe(2);
    listening[Symbol.dispose]();
    change(opened.bus, sampleExecution());
    await settle();
    expect(seen).toBe(2);
  });
});

describe('what is kept', () => {
  test('who is further behind than the journal reaches is told so', async () => {
    using opened = open();
    for (let at = 0; at < 26_000; at++)
      opened.bus.publish('announcement', { route: 'r', payload: at, trace_context: null }, 'r');
    await settle();
    const { journal } = opened;
    expect(journal.end).toBe(26_000);
    expect(journal.after(0)).toBeUndefined();
    const kept = journal.after(journal.end - 15_000);
    expect(kept).toHaveLength(15_000);
    expect(kept?.[0]?.number).toBe(11_001);
    expect(kept?.at(-1)).toMatchObject({ json: '{"payload":25999,"trace_context":null}' });
  });

  test('large parameters push out old events sooner', async () => {
    using opened = open();
    const parameters = { cmd: 'x'.repeat(1024 * 1024) };
    for (let at = 0; at < 100; at++) change(opened.bus, sampleExecution({ parameters }));
    await settle();
    expect(opened.journal.after(0)).toBeUndefined();
    expect(opened.journal.after(opened.journal.end - 20)).toHaveLength(20);
  });

  test('results are let go long before their events', async () => {
    using opened = open();
    for (let at = 0; at < 100; at++)
      change(opened.bus, sampleExecution({ status: 'failed', result: { at }, result_size: 1024 * 1024 }));
    await settle();
    const results = (opened.journal.after(0) ?? []).flatMap((event) =>
      event.kind === 'execution' && event.form === 'execution' ? [event.result?.value] : [],
    );
    expect(results).toHaveLength(100);
    expect(results.flatMap((result) => (result ? [result['at']] : []))).toEqual([92, 93, 94, 95, 96, 97, 98, 99]);
  });

  test('so are the bytes of output', async () => {
    using opened = open();
    const { bus, journal } = opened;
    const execution = sampleExecution({ status: 'running' });
    using _ = journal.wantOutput();
    const text = `${'x'.repeat(65_000)}\n`;
    for (let seq = 1; seq <= 1_000; seq++) say(bus, execution, segment(text, seq));
    await settle();
    const events = (journal.after(0) ?? []).flatMap((event) => (event.kind === 'output' ? [event] : []));
    expect(events.map((event) => event.endSeq)).toEqual(events.map((_event, at) => at + 1));
    expect(events).toHaveLength(1_000);
    const held = events.filter((event) => event.segment?.value);
    expect(held.at(-1)?.endSeq).toBe(1_000);
    expect(held.length * text.length).toBeLessThanOrEqual(8 * 1024 * 1024);
    expect(held.length * text.length).toBeGreaterThan(7 * 1024 * 1024);
  });
});

describe('output', () => {
  test('is taken in only while somebody wants it, and 30 s longer', async () => {
    using opened = open();
    const { bus, clock, journal } = opened;
    const execution = sampleExecution({ status: 'running' });
    change(bus, execution);
    await settle();
    expect(bus.hasListeners('output.appended')).toBe(false);
    expect(journal.outputSince).toBeUndefined();
    const one = journal.wantOutput();
    const two = journal.wantOutput();
    expect(journal.outputSince).toBe(2);
    one[Symbol.dispose]();
    one[Symbol.dispose]();
    clock.advance(60_000);
    expect(bus.hasListeners('output.appended')).toBe(true);
    two[Symbol.dispose]();
    clock.advance(29_999);
    say(bus, execution, segment('kept\n'));
    await settle();
    expect(outputs(journal)).toEqual(['0..1 kept']);
    const again = journal.wantOutput();
    expect(journal.outputSince).toBe(2);
    clock.advance(60_000);
    expect(bus.hasListeners('output.appended')).toBe(true);
    again[Symbol.dispose]();
    clock.advance(30_000);
    expect(bus.hasListeners('output.appended')).toBe(false);
    // What was printed meanwhile is missing here, and nobody is led to think that it was not.
    using _ = journal.wantOutput();
    expect(journal.outputSince).toBe(3);
    say(bus, execution, segment('later\n', 7));
    await settle();
    expect(outputs(journal)).toEqual(['0..1 kept', '6..7 later']);
  });

  test('of a flood is told without its bytes', async () => {
    using opened = open();
    const { bus, journal } = opened;
    const execution = sampleExecution({ status: 'running' });
    using _ = journal.wantOutput();
    reach(bus, execution, 10);
    say(bus, execution, segment('a\nb\n', 11));
    reach(bus, execution, 20);
    reach(bus, execution, 20);
    await settle();
    // Nobody knows where the first ones began: with their log.
    expect(outputs(journal)).toEqual(['?..10 -', '10..12 a\nb', '12..20 -']);
  });

  test('whose hint was lost, or came twice, is told all the same, and once', async () => {
    using opened = open();
    const { bus, journal } = opened;
    const execution = sampleExecution({ status: 'running' });
    using _ = journal.wantOutput();
    say(bus, execution, segment('3\n', 3));
    say(bus, execution, segment('3\n', 3));
    say(bus, execution, segment('6\n', 6));
    const output = { records: 9, lines: 9, bytes: 18, lost_bytes: 0 };
    change(bus, { ...execution, status: 'succeeded', output });
    await settle();
    expect(outputs(journal)).toEqual(['2..3 3', '3..5 -', '5..6 6', '6..9 -']);
    expect(names(journal.after(4))).toEqual(['liveaction__update', 'execution__update']);
  });

  test('of an execution that was created meanwhile is told from its first record', async () => {
    using opened = open();
    const { bus, journal } = opened;
    using _ = journal.wantOutput();
    const execution = sampleExecution();
    change(bus, execution, 'create');
    say(bus, execution, segment('2\n', 2));
    const silent = sampleExecution();
    change(bus, silent, 'create');
    const output = { records: 4, lines: 4, bytes: 8, lost_bytes: 0 };
    change(bus, { ...silent, status: 'succeeded', output });
    await settle();
    expect(outputs(journal)).toEqual(['0..1 -', '1..2 2', '0..4 -']);
  });

  test('of before somebody wanted it is not told at the end', async () => {
    using opened = open();
    const { bus, journal } = opened;
    const execution = sampleExecution();
    change(bus, execution, 'create');
    await settle();
    using _ = journal.wantOutput();
    const output = { records: 4, lines: 4, bytes: 8, lost_bytes: 0 };
    change(bus, { ...execution, status: 'succeeded', output });
    await settle();
    expect(outputs(journal)).toEqual([]);
  });
});

describe('names in output', () => {
  test('are remembered from changes', async () => {
    using opened = open();
    const execution = sampleExecution();
    change(opened.bus, execution);
    await settle();
    const names = { executionId: execution.id, actionRef: 'core.local', runnerRef: 'local-shell-cmd' };
    expect(opened.journal.knownOrigin(execution.id)).toEqual(names);
    expect(await opened.journal.origin(execution.id)).toEqual(names);
  });

  test('are looked up where nothing was heard of the execution', async () => {
    const execution = sampleExecution();
    let asked = 0;
    using opened = open((id) => {
      asked += 1;
      if (asked === 1) return Promise.reject(new Error('closed'));
      return Promise.resolve(id === execution.id ? execution : undefined);
    });
    const { journal } = opened;
    expect(journal.knownOrigin(execution.id)).toBeUndefined();
    await expect(journal.origin(execution.id)).rejects.toThrow('closed');
    expect(await journal.origin(execution.id)).toMatchObject({ actionRef: 'core.local' });
    expect(await journal.origin(execution.id)).toMatchObject({ actionRef: 'core.local' });
    expect(asked).toBe(2);
    expect(await journal.origin('none')).toBeUndefined();
  });
});

test('a closed journal listens to nothing', () => {
  const opened = open();
  opened.journal.wantOutput();
  opened[Symbol.dispose]();
  for (const subject of ['output.appended', 'execution.changed', 'announcement'] as const)
    expect(opened.bus.hasListeners(subject)).toBe(false);
});
