/** What every ExecutionStore promises about moving statuses and finishing. Called by `execution-store.contract.ts`. */
import { describe, expect, test } from 'vitest';
import { sampleExecution, sampleId, sampleUs } from '../../test/support/sample-execution.ts';
import { canMove, executionStatuses, finalStatuses, isFinal, statusesBefore } from '../core/model/execution-status.ts';
import type { Store } from './store.ts';
import type { OpenEmptyStore } from './store.contract.ts';

async function stored(store: Store, wish: Parameters<typeof sampleExecution>[0] = {}) {
  const execution = sampleExecution(wish);
  await store.executions.insert(execution);
  return execution;
}

export function executionMovesContract(open: OpenEmptyStore): void {
  describe('moves', () => {
    test.each(executionStatuses)(
      'from %s: legal moves happen once, others answer undefined and change nothing',
      async (from) => {
        await using store = await open();
        for (const to of executionStatuses) {
          const execution = await stored(store, { status: from });
          const moved = await store.executions.move(execution.id, { to, atUs: sampleUs });
          if (canMove(from, to)) {
            expect(moved, `${from} → ${to}`).toMatchObject({ status: to });
            expect(moved?.log.map((entry) => entry.status)).toEqual([from, to]);
            expect(moved?.end_us).toBe(isFinal(to) ? sampleUs : undefined);
            expect(await store.executions.find(execution.id)).toEqual(moved);
            expect(await store.executions.move(execution.id, { to, atUs: sampleUs })).toBeUndefined();
          } else {
            expect(moved, `${from} → ${to}`).toBeUndefined();
            expect(await store.executions.find(execution.id)).toEqual(execution);
          }
        }
      },
    );

    test('asking for a move that the table does not have is refused, and changes nothing', async () => {
      await using store = await open();
      const execution = await stored(store, { status: 'succeeded' });
      await expect(
        store.executions.move(execution.id, { to: 'running', from: ['scheduled', 'succeeded'], atUs: 1 }),
      ).rejects.toMatchObject({ code: 'invalid_transition', message: expect.stringContaining('succeeded to running') });
      expect(await store.executions.find(execution.id)).toEqual(execution);
    });

    test('a move happens only from the statuses it names', async () => {
      await using store = await open();
      const execution = await stored(store, { status: 'running' });
      expect(
        await store.executions.move(execution.id, { to: 'canceled', from: ['requested', 'delayed'], atUs: 1 }),
      ).toBeUndefined();
      expect(await store.executions.move(execution.id, { to: 'canceled', from: [], atUs: 1 })).toBeUndefined();
      expect(await store.executions.move(execution.id, { to: 'canceled', from: ['running'], atUs: 1 })).toBeDefined();
      expect(await store.executions.move(sampleId(), { to: 'canceled', atUs: 1 })).toBeUndefined();
    });

    test('of many who move the same execution at once, one wins', async () => {
      await using store = await open();
      for (const from of executionStatuses.filter((status) => !isFinal(status))) {
        const execution = await stored(store, { status: from });
        const wishes = executionStatuses.filter((to) => canMove(from, to) && isFinal(to));
        const answers = await Promise.all(
          [...wishes, ...wishes].map((to) => store.executions.move(execution.id, { to, atUs: sampleUs })),
        );
        const winners = answers.filter((answer) => answer !== undefined);
        expect(winners.length, from).toBe(1);
        expect(await store.executions.find(execution.id)).toEqual(winners[0]);
      }
    });

    test('a move replaces the context and keeps its reason where it brings them', async () => {
      await using store = await open();
      const execution = await stored(store, { status: 'running' });
      const context = { ...execution.context, cancelled_by: 'bob' };
      const moved = await store.executions.move(execution.id, {
        to: 'canceling',
        atUs: sampleUs + 1_999,
        context,
        reason: 'asked, "kindly"',
      });
      expect(moved).toMatchObject({ context, status: 'canceling' });
      expect(moved?.log.at(-1)).toEqual({
        timestamp: '2023-11-14T22:13:20.001000Z',
        status: 'canceling',
        reason: 'asked, "kindly"',
      });
      const again = await store.executions.move(execution.id, { to: 'canceled', atUs: sampleUs });
      expect(again?.context).toEqual(context);
    });

    test('what was claimed under an older number cannot move or finish the execution', async () => {
      await using store = await open();
      const execution = await stored(store, { status: 'running', attempt: 2 });
      const finish = { to: 'succeeded', atUs: sampleUs, endUs: sampleUs, result: { by: 'whom' } } as const;
      expect(await store.executions.move(execution.id, { to: 'failed', atUs: 1, attempt: 1 })).toBeUndefined();
      expect(await store.executions.finish(execution.id, { ...finish, attempt: 1 })).toBeUndefined();
      expect(await store.executions.finish(execution.id, { ...finish, attempt: 3 })).toBeUndefined();
      expect(await store.executions.find(execution.id, 'whole')).toEqual(execution);
      expect(await store.executions.finish(execution.id, { ...finish, attempt: 2 })).toBeDefined();
    });
  });

  describe('finishing', () => {
    test('stores status, end, result, its size and the output summary together', async () => {
      await using store = await open();
      const execution = await stored(store, { status: 'running' });
      const result = { stdout: 'grün', nested: { list: [1, null] } };
      const output = { records: 3, lines: 2, bytes: 20, lost_bytes: 0 };
      const finished = await store.executions.finish(execution.id, {
        to: 'succeeded',
        atUs: sampleUs + 2_000,
        endUs: sampleUs + 1_000,
        result,
        output,
      });
      expect(finished).toEqual({
        ...execution,
        status: 'succeeded',
        end_us: sampleUs + 1_000,
        log: [...execution.log, { timestamp: '2023-11-14T22:13:20.002000Z', status: 'succeeded' }],
        result,
        result_size: Buffer.byteLength(JSON.stringify(result)),
        output,
      });
      expect(await store.executions.find(execution.id, 'whole')).toEqual(finished);
    });

    test('a result is given as it was asked for: not, whole, or only where it is small enough', async () => {
      await using store = await open();
      const execution = await stored(store, { status: 'running' });
      const result = { text: 'x'.repeat(1_000) };
      const size = JSON.stringify(result).length;
      await store.executions.finish(execution.id, { to: 'failed', atUs: 1, endUs: 1, result });
      const find = (wish?: 'none' | 'whole' | { maxBytes: number }) => store.executions.find(execution.id, wish);
      expect(await find()).not.toHaveProperty('result');
      expect(await find('none')).not.toHaveProperty('result');
      expect(await find({ maxBytes: size - 1 })).not.toHaveProperty('result');
      expect(await find({ maxBytes: size - 1 })).toMatchObject({ result_size: size });
      expect(await find({ maxBytes: size })).toMatchObject({ result });
      expect(await find('whole')).toMatchObject({ result });
      const query = { sort: [], limit: 10, offset: 0 };
      expect((await store.executions.list({ ...query, withResult: true })).executions[0]).toMatchObject({ result });
      expect((await store.executions.list({ ...query, withResult: false })).executions[0]).not.toHaveProperty('result');
    });

    test('a finish that loses the race leaves nothing behind, its result neither', async () => {
      await using store = await open();
      for (const status of finalStatuses) {
        const execution = await stored(store, { status });
        const late = { to: 'succeeded', atUs: 1, endUs: 1, result: { late: true } } as const;
        expect(await store.executions.finish(execution.id, late)).toBeUndefined();
        expect(await store.executions.find(execution.id, 'whole')).toEqual(execution);
      }
    });

    test('of many who finish the same execution, one wins and its result is the one kept', async () => {
      await using store = await open();
      const execution = await stored(store, { status: 'running' });
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, number) =>
          store.executions.finish(execution.id, {
            to: number % 2 === 0 ? 'succeeded' : 'failed',
            atUs: sampleUs,
            endUs: sampleUs,
            result: { number },
          }),
        ),
      );
      const winners = answers.filter((answer) => answer !== undefined);
      expect(winners).toHaveLength(1);
      expect(await store.executions.find(execution.id, 'whole')).toEqual(winners[0]);
    });

    test('every status that may end can be finished into every end it may have', async () => {
      await using store = await open();
      for (const to of finalStatuses) {
        for (const from of statusesBefore(to)) {
          const execution = await stored(store, { status: from });
          const finished = await store.executions.finish(execution.id, { to, atUs: 1, endUs: 1, result: { to } });
          expect(finished, `${from} → ${to}`).toMatchObject({ status: to, result: { to } });
        }
      }
    });
  });
}
