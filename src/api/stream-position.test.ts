import { afterEach, beforeEach, expect, test } from 'vitest';
import { sampleExecution } from '../../test/support/sample-execution.ts';
import { ManualClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { LocalBus } from '../bus/local/local-bus.ts';
import { EventJournal } from './event-journal.ts';
import { parseEventId, StreamPosition } from './stream-position.ts';

const none: ReadonlyMap<string, number> = new Map();
const { id } = sampleExecution();
const other = '66aa0c1e5f1b2c0001a00002';
let journal: EventJournal;

/** A journal with output of one execution: records 1 to 10, 11 to 20, 21 to 30. */
beforeEach(async () => {
  const bus = new LocalBus(silentLog);
  const view = { webUrl: 'http://st2.example', showSecrets: false };
  journal = new EventJournal({ bus, clock: new ManualClock(), view, find: () => Promise.resolve(undefined) });
  journal.wantOutput();
  for (const end_seq of [10, 20, 30]) bus.publish('output.appended', { execution_id: id, segments: [], end_seq }, id);
  await new Promise((resolve) => setImmediate(resolve));
});
afterEach(() => journal[Symbol.dispose]());

const range = (number: number) => ({ executionId: id, afterSeq: number * 10 - 10, endSeq: number * 10, number });
const at = (text: string) => new StreamPosition(journal, `${journal.epoch}-${text}`, none);
const written = (position: StreamPosition) => position.id.replace(journal.epoch, 'e');

test('an id says what was written, to the record', () => {
  const position = at('0');
  expect(written(position)).toBe('e-0');
  position.advanceTo(9, range(1));
  expect(written(position)).toBe('e-0.9');
  position.advanceTo(10, range(1));
  expect(written(position)).toBe('e-1');
  position.setCursor(other, 7);
  position.advanceTo(11, range(2));
  expect(written(position)).toBe(`e-1.11/${other}:7`);
  position.pass(range(2));
  expect(written(position)).toBe(`e-2/${other}:7`);
});

test('what an earlier connection had is not forgotten on the way to it', () => {
  // Events that were read together: the id is that of before the first.
  const position = at('0.25');
  expect(position.seenOf(id)).toBe(25);
  expect(position.seenOf(other)).toBe(0);
  position.pass(range(1));
  expect(written(position)).toBe('e-1.25');
  position.pass(range(2));
  expect(written(position)).toBe('e-2.25');
  position.pass(range(3));
  expect(written(position)).toBe('e-3');
});

test('a client without an id, or with one that says nothing here, begins with now', () => {
  const fresh = new StreamPosition(journal, undefined, none);
  expect([written(fresh), fresh.isLate]).toEqual(['e-3', false]);
  for (const lastEventId of ['', '17', '00000000-1', '00000000-1.5']) {
    const late = new StreamPosition(journal, lastEventId, none);
    expect([written(late), late.isLate, late.seenOf(id)]).toEqual(['e-3', true, 0]);
  }
  expect([written(at('99')), at('99').isLate]).toEqual(['e-3', false]);
});

test('in the middle of an event is after its beginning', () => {
  expect([at('0'), at('1'), at('1.15'), at('2')].map((position) => position.isBefore(1))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test('ids are read as they are written; anything else is no id', () => {
  expect(parseEventId(`0a1b2c3d-17.4/${other}:9`)).toEqual({
    epoch: '0a1b2c3d',
    position: 17,
    partialSeq: 4,
    cursors: new Map([[other, 9]]),
  });
  expect(parseEventId(' 0a1b2c3d-17 ')).toMatchObject({ position: 17, partialSeq: undefined, cursors: new Map() });
  for (const text of [undefined, '', '17', '0a1b2c3d-', '0a1b2c3d-1.', 'x0a1b2c3d-1', `0a1b2c3d-1e5/${other}:x`])
    expect(parseEventId(text)).toEqual({ epoch: '', position: 0, partialSeq: undefined, cursors: new Map() });
});
