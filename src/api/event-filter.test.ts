import { describe, expect, test } from 'vitest';
import { eventFilter } from './event-filter.ts';

const executionId = '66aa0c1e5f1b2c0001a00002';
const update = { name: 'st2.execution__update', executionId, actionRef: 'core.local' };
const output = { name: 'st2.execution.output__create', executionId, actionRef: 'core.local' };
const liveAction = { name: 'st2.liveaction__update', executionId, actionRef: 'core.local' };
const announcement = { name: 'st2.announcement__chat.ops' };
const alias = { name: 'st2.actionalias__create' };
const all = [update, output, liveAction, announcement, alias];

function passes(wish: Parameters<typeof eventFilter>[0]): readonly string[] {
  const filter = eventFilter(wish);
  return all.filter((event) => filter.wants(event)).map((event) => event.name);
}

describe('which events a client gets', () => {
  test.each([
    ['who names none: everything but output and aliases', {}, [update, liveAction, announcement]],
    [
      'empty lists are no lists',
      { events: ['', ' '], actionRefs: [''], executionIds: [] },
      [update, liveAction, announcement],
    ],
    ['one by its name', { events: ['st2.execution.output__create'] }, [output]],
    [
      'several, with blanks around',
      { events: [' st2.execution__update', 'st2.actionalias__create '] },
      [update, alias],
    ],
    ['by a pattern', { events: ['st2.execution*'] }, [update, output]],
    ['everything', { events: ['*'] }, all],
    ['case counts', { events: ['ST2.execution__update'] }, []],
    [
      'of an action: events without one are dropped',
      { events: ['*'], actionRefs: ['core.local'] },
      [update, output, liveAction],
    ],
    ['of another action', { events: ['*'], actionRefs: ['core.noop'] }, []],
    ['of executions: live actions carry another id', { events: ['*'], executionIds: [executionId] }, [update, output]],
    ['of other executions', { events: ['*'], executionIds: ['66aa0c1e5f1b2c0001a00003'] }, []],
    ['both', { executionIds: [executionId], actionRefs: ['core.noop'] }, []],
  ])('%s', (_name, wish, wanted) => {
    expect(passes(wish)).toEqual(wanted.map((event) => event.name));
  });

  test('whether output can be wanted at all is known beforehand', () => {
    expect(eventFilter({}).wantsOutput).toBe(false);
    expect(eventFilter({ events: ['st2.execution.*'] }).wantsOutput).toBe(true);
    expect(eventFilter({ executionIds: ['a', 'b', 'a'] }).executionIds).toEqual(['a', 'b']);
  });

  test('a name is judged the same however many were asked before', () => {
    const filter = eventFilter({ events: ['st2.announcement__a*'] });
    for (let round = 0; round < 2; round++) {
      for (let at = 0; at < 3_000; at++) {
        expect(filter.wantsName(`st2.announcement__a${at}`)).toBe(true);
        expect(filter.wantsName(`st2.announcement__b${at}`)).toBe(false);
      }
    }
  });
});
