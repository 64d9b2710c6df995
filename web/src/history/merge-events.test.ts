import { describe, expect, test } from 'vitest';
import type { HistoryFilter, HistoryPageOfExecutions } from '../server/executions.ts';
import type { Execution } from '../server/types.ts';
import type { ExecutionEvent } from '../stream/execution-events.ts';
import { mergeEvents } from './merge-events.ts';

function execution(number: number, more: Partial<Execution> = {}): Execution {
  return {
    id: String(number).padStart(24, '0'),
    status: 'running',
    action: { ref: 'core.local' },
    start_timestamp: `2024-07-31T10:00:${String(number).padStart(2, '0')}.000000Z`,
    ...more,
  };
}

function changed(...executions: readonly Execution[]): ExecutionEvent[] {
  return executions.map((one) => ({ kind: 'changed', execution: one }));
}

function created(...executions: readonly Execution[]): ExecutionEvent[] {
  return executions.map((one) => ({ kind: 'created', execution: one }));
}

const all: HistoryFilter = { status: undefined, action: undefined, page: 1 };
const page: HistoryPageOfExecutions = { page: 1, executions: [3, 2, 1].map((number) => execution(number)), total: 10 };
const numbers = (merged: HistoryPageOfExecutions) => merged.executions.map((one) => Number(one.id));

describe('mergeEvents()', () => {
  test('brings shown executions up to date in place and keeps what the event does not say', () => {
    const before = { ...page, executions: [execution(3), execution(2, { elapsed_seconds: 7 }), execution(1)] };
    const merged = mergeEvents(before, changed(execution(2, { status: 'failed' })), all, 3);
    expect(numbers(merged)).toEqual([3, 2, 1]);
    expect(merged.executions[1]).toMatchObject({ status: 'failed', elapsed_seconds: 7 });
    expect(merged.total).toBe(10);
  });

  test('puts new ones on top, newest first whatever order they come in, and keeps the size', () => {
    const merged = mergeEvents(page, created(execution(4), execution(6), execution(5)), all, 4);
    expect(numbers(merged)).toEqual([6, 5, 4, 3]);
    expect(merged.total).toBe(13);
  });

  test('an old execution that only changed does not come back to the first page', () => {
    const merged = mergeEvents(page, changed(execution(0, { status: 'succeeded' })), all, 3);
    expect(numbers(merged)).toEqual([3, 2, 1]);
    expect(merged.total).toBe(10);
  });

  test('children and what does not fit the filter are not inserted', () => {
    const events = created(
      execution(4, { parent: 'x' }),
      execution(5, { action: { ref: 'core.noop' } }),
      execution(6, { status: 'failed' }),
    );
    expect(numbers(mergeEvents(page, events, { ...all, action: 'core.local', status: 'running' }, 9))).toEqual([
      3, 2, 1,
    ]);
  });

  test('one that is heard of late has its place among those that are there', () => {
    const before = { page: 1, executions: [execution(5), execution(2)], total: 2 };
    const merged = mergeEvents(before, created(execution(4), execution(1)), all, 9);
    expect([numbers(merged), merged.total]).toEqual([[5, 4, 2, 1], 4]);
  });

  test('one that began long ago and comes to fit the status now is inserted where it belongs', () => {
    const before = {
      page: 1,
      executions: [execution(5, { status: 'failed' }), execution(1, { status: 'failed' })],
      total: 2,
    };
    const late = execution(3, { status: 'failed' });
    const merged = mergeEvents(before, changed(late), { ...all, status: 'failed' }, 9);
    expect([numbers(merged), merged.total]).toEqual([[5, 3, 1], 3]);
  });

  test('later pages count new ones but do not slide, and do not count changes on other pages', () => {
    const events = [...created(execution(9)), ...changed(execution(8))];
    const merged = mergeEvents(page, events, { ...all, page: 2 }, 3);
    expect([numbers(merged), merged.total]).toEqual([[3, 2, 1], 11]);
  });

  test('deleted ones go', () => {
    const merged = mergeEvents(
      page,
      [
        { kind: 'deleted', id: execution(2).id },
        { kind: 'deleted', id: 'unknown' },
      ],
      all,
      3,
    );
    expect([numbers(merged), merged.total]).toEqual([[3, 1], 9]);
  });
});
