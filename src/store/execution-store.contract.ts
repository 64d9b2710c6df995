/**
 * What every ExecutionStore promises about storing, finding, claiming and forgetting. Lists are in
 * `execution-list.contract.ts`, moves in `execution-moves.contract.ts`. Called by `store.contract.ts`.
 */
import { describe, expect, test } from 'vitest';
import {
  sampleAction,
  sampleExecution,
  sampleId,
  sampleRunnerType,
  sampleUs,
} from '../../test/support/sample-execution.ts';
import type { Execution } from '../core/model/execution.ts';
import { executionStatuses, finalStatuses, startedStatuses } from '../core/model/execution-status.ts';
import { executionListContract } from './execution-list.contract.ts';
import { executionMovesContract } from './execution-moves.contract.ts';
import type { Store } from './store.ts';
import type { OpenEmptyStore } from './store.contract.ts';

const here = { hostname: 'here', pid: 42 };

async function insertAll(store: Store, executions: readonly Execution[]): Promise<void> {
  await Promise.all(executions.map((execution) => store.executions.insert(execution)));
}

function ids(executions: readonly Execution[]): readonly string[] {
  return executions.map((execution) => execution.id);
}

export function executionStoreContract(open: OpenEmptyStore): void {
  executionListContract(open);
  executionMovesContract(open);

  describe('executions', () => {
    test('an execution is found as it was stored, with every field', async () => {
      await using store = await open();
      const parent = sampleExecution({ runner: sampleRunnerType({ name: 'orquesta' }) });
      const full = sampleExecution({
        status: 'running',
        start_us: sampleUs + 123_456,
        due_us: sampleUs + 2_123_456,
        end_us: sampleUs + 9_000_001,
        delay: 2_000,
        action: sampleAction({ ref: 'demo.dotted.name', notify: { 'on-complete': { message: 'over' } } }),
        runner: sampleRunnerType({ output_key: 'stdout', query_module: 'q' }),
        parameters: { text: 'ünï "\n', number: 1.5, nothing: null, list: [1, { a: [] }], empty: {} },
        context: { user: 'ann', pack: 'demo', parent: { execution_id: parent.id, task: 't' }, trace_context: 7 },
        notify: { 'on-failure': { routes: ['a', null] } },
        log: [
          { timestamp: '2023-11-14T22:13:20.001000Z', status: 'requested' },
          { timestamp: '2023-11-14T22:13:20.002000Z', status: 'running', reason: 'why, "not"' },
        ],
        parent: parent.id,
        runner_info: { hostname: 'there', pid: 7 },
        attempt: 3,
        output: { records: 1, lines: 2, bytes: 3, lost_bytes: -1 },
      });
      await insertAll(store, [parent, full]);
      expect(await store.executions.find(full.id)).toEqual(full);
      expect(await store.executions.find(parent.id)).toEqual({ ...parent, children: [full.id] });
      expect(await store.executions.find(sampleId())).toBeUndefined();
    });

    test('an execution keeps the action and runner type it was requested with', async () => {
      await using store = await open();
      const old = sampleExecution({ action: sampleAction({ description: 'old' }) });
      const changed = sampleExecution({ action: { ...old.action, description: 'new' } });
      await insertAll(store, [old, changed]);
      expect((await store.executions.find(old.id))?.action.description).toBe('old');
      expect((await store.executions.find(changed.id))?.action.description).toBe('new');
    });

    test('an id is stored once', async () => {
      await using store = await open();
      const stored = sampleExecution();
      await store.executions.insert(stored);
      await expect(store.executions.insert({ ...stored, context: { user: 'bob', pack: 'x' } })).rejects.toMatchObject({
        code: 'conflict',
      });
      expect((await store.executions.find(stored.id))?.context.user).toBe('ann');
    });

    test('children are found by their parents, oldest first', async () => {
      await using store = await open();
      const parents = [1, 2, 3].map(() => sampleExecution({ runner: sampleRunnerType({ name: 'orquesta' }) }));
      const [one, two] = ids(parents);
      const child = (parent: string | undefined, startUs: number) =>
        sampleExecution({ parent: parent ?? '', start_us: startUs });
      const children = [child(one, sampleUs + 3), child(two, sampleUs + 2), child(one, sampleUs + 1)];
      await insertAll(store, [...parents, ...children]);
      const oldestFirst = ids([...children].reverse());
      expect(ids(await store.executions.children([one ?? '', two ?? ''], false))).toEqual(oldestFirst);
      expect(ids(await store.executions.children([two ?? ''], false))).toEqual([oldestFirst[1]]);
      expect(await store.executions.children([parents[2]?.id ?? ''], false)).toEqual([]);
      expect(await store.executions.children([], false)).toEqual([]);
      expect((await store.executions.find(one ?? ''))?.children).toEqual([oldestFirst[0], oldestFirst[2]]);
    });

    test('children come with their results where they are asked for', async () => {
      await using store = await open();
      const parent = sampleExecution();
      const child = sampleExecution({ parent: parent.id, status: 'running' });
      await insertAll(store, [parent, child]);
      await store.executions.finish(child.id, { to: 'succeeded', atUs: 1, endUs: 1, result: { a: 1 } });
      expect((await store.executions.children([parent.id], true))[0]?.result).toEqual({ a: 1 });
      expect((await store.executions.children([parent.id], false))[0]).not.toHaveProperty('result');
    });

    test('the newest is the top-level one requested last, of a user or of anybody', async () => {
      await using store = await open();
      expect(await store.executions.newest()).toBeUndefined();
      const of = (user: string, startUs: number, parent?: string) =>
        sampleExecution({ context: { user, pack: 'core' }, start_us: startUs, ...(parent && { parent }) });
      const bob = of('bob', sampleUs + 2);
      const ann = of('ann', sampleUs + 1);
      // Stored last and requested later, but part of a workflow.
      const child = of('ann', sampleUs + 3, bob.id);
      await insertAll(store, [bob, ann, child]);
      expect((await store.executions.newest())?.id).toBe(bob.id);
      expect((await store.executions.newest('ann'))?.id).toBe(ann.id);
      expect(await store.executions.newest('eve')).toBeUndefined();
      const same = of('ann', sampleUs + 2);
      await store.executions.insert(same);
      expect((await store.executions.newest())?.id).toBe(same.id);
    });

    test('statuses are counted while they are not final; values of filters are distinct and sorted', async () => {
      await using store = await open();
      const all = executionStatuses.map((status, at) =>
        sampleExecution({
          status,
          action: sampleAction({ ref: at % 2 === 0 ? 'demo.b' : 'demo.a' }),
          context: { user: at % 2 === 0 ? 'bob' : 'ann', pack: 'demo' },
        }),
      );
      await insertAll(store, [...all, sampleExecution({ status: 'running' })]);
      const active = executionStatuses.filter((status) => !finalStatuses.includes(status));
      expect(await store.executions.countByStatus()).toEqual({
        ...Object.fromEntries(active.map((status) => [status, 1])),
        running: 2,
      });
      expect(await store.executions.distinct('status')).toEqual([...executionStatuses].sort());
      expect(await store.executions.distinct('action')).toEqual(['core.local', 'demo.a', 'demo.b']);
      expect(await store.executions.distinct('user')).toEqual(['ann', 'bob']);
      expect(await store.executions.distinct('runner')).toEqual(['local-shell-cmd']);
    });

    test('what ended before a moment is removed with its result, at most so many at a time', async () => {
      await using store = await open();
      const ended = [3, 1, 2, 10].map((us) => ({ us, execution: sampleExecution({ status: 'running' }) }));
      const running = sampleExecution({ status: 'running', start_us: 1 });
      await insertAll(store, [...ended.map((one) => one.execution), running]);
      for (const { us, execution } of ended)
        await store.executions.finish(execution.id, { to: 'failed', atUs: us, endUs: us, result: { us } });
      const first = await store.executions.removeEnded(10, 2);
      expect(new Set(ids(first))).toEqual(new Set([ended[1]?.execution.id, ended[2]?.execution.id]));
      expect(ids(await store.executions.removeEnded(10, 100))).toEqual([ended[0]?.execution.id]);
      expect(await store.executions.removeEnded(10, 100)).toEqual([]);
      expect((await store.executions.find(ended[3]?.execution.id ?? '', 'whole'))?.result).toEqual({ us: 10 });
      expect(await store.executions.find(running.id)).toBeDefined();
      // Nothing of it is left that a new execution of the same id could be given.
      const again = { ...sampleExecution(), id: ended[0]?.execution.id ?? '' };
      await store.executions.insert(again);
      expect(await store.executions.find(again.id, 'whole')).toEqual(again);
    });
  });

  describe('claims', () => {
    test('a claim makes an execution running, with who has it and both steps in its log', async () => {
      await using store = await open();
      const stored = sampleExecution();
      await store.executions.insert(stored);
      const nowUs = sampleUs + 5_123_456;
      const claimed = await store.executions.claim({ limit: 10, nowUs, runner: here });
      expect(claimed).toEqual([
        {
          ...stored,
          status: 'running',
          attempt: 1,
          runner_info: here,
          log: [
            ...stored.log,
            { timestamp: '2023-11-14T22:13:25.123000Z', status: 'scheduled' },
            { timestamp: '2023-11-14T22:13:25.123000Z', status: 'running' },
          ],
        },
      ]);
      expect(await store.executions.find(stored.id)).toEqual(claimed[0]);
      expect(await store.executions.claim({ limit: 10, nowUs, runner: here })).toEqual([]);
    });

    test('only what waits is claimed', async () => {
      await using store = await open();
      const all = executionStatuses.map((status) => sampleExecution({ status }));
      await insertAll(store, all);
      const claimed = await store.executions.claim({ limit: 100, nowUs: sampleUs, runner: here });
      const waiting = all.filter(({ status }) => status === 'requested' || status === 'delayed');
      expect(new Set(ids(claimed))).toEqual(new Set(ids(waiting)));
    });

    test('due executions are claimed by due time, then by id; those not due are left', async () => {
      await using store = await open();
      const same = [sampleExecution(), sampleExecution(), sampleExecution()];
      // Within each status too, the one with the greater id is due first.
      const delayed = [-1, -3].map((us) => sampleExecution({ status: 'delayed', due_us: sampleUs + us }));
      const later = sampleExecution({ due_us: sampleUs + 1 });
      const early = sampleExecution({ due_us: sampleUs - 5 });
      await insertAll(store, [later, ...[...same].reverse(), ...delayed, early]);
      const claim = (limit: number, nowUs: number) => store.executions.claim({ limit, nowUs, runner: here });
      expect(ids(await claim(1, sampleUs))).toEqual([early.id]);
      expect(ids(await claim(1, sampleUs))).toEqual([delayed[1]?.id]);
      expect(ids(await claim(2, sampleUs))).toEqual([delayed[0]?.id, same[0]?.id]);
      expect(ids(await claim(3, sampleUs))).toEqual(ids(same.slice(1)));
      expect(await claim(3, sampleUs)).toEqual([]);
      expect(ids(await claim(3, sampleUs + 1))).toEqual([later.id]);
    });

    test('two claimers never get the same execution, and together they get all', async () => {
      await using store = await open();
      const all = Array.from({ length: 300 }, () => sampleExecution());
      await insertAll(store, all);
      const claims = await Promise.all(
        Array.from({ length: 60 }, (_, pid) =>
          store.executions.claim({ limit: 7, nowUs: sampleUs, runner: { hostname: 'here', pid } }),
        ),
      );
      const claimed = claims.flat();
      expect(claimed).toHaveLength(all.length);
      expect(new Set(ids(claimed))).toEqual(new Set(ids(all)));
      for (const [pid, own] of claims.entries()) {
        expect(own.length).toBeLessThanOrEqual(7);
        for (const execution of own) {
          expect(execution.attempt).toBe(1);
          expect((await store.executions.find(execution.id))?.runner_info).toEqual({ hostname: 'here', pid });
        }
      }
    });

    test('every claim counts as an attempt', async () => {
      await using store = await open();
      const handedBack = sampleExecution({ status: 'scheduled', attempt: 4 });
      await store.executions.insert(handedBack);
      await store.executions.move(handedBack.id, { to: 'requested', atUs: sampleUs });
      const [claimed] = await store.executions.claim({ limit: 1, nowUs: sampleUs, runner: here });
      expect(claimed).toMatchObject({ id: handedBack.id, attempt: 5 });
    });

    test('requested executions whose time has not come become delayed once, and the next due time is told', async () => {
      await using store = await open();
      expect(await store.executions.delayEarly(sampleUs)).toEqual({ moved: [], nextDueUs: undefined });
      const due = sampleExecution();
      const early = [200, 100].map((us) => sampleExecution({ due_us: sampleUs + us, delay: 1 }));
      await insertAll(store, [due, ...early]);
      const { moved, nextDueUs } = await store.executions.delayEarly(sampleUs);
      expect(new Set(ids(moved))).toEqual(new Set(ids(early)));
      expect(nextDueUs).toBe(sampleUs + 100);
      for (const execution of moved) {
        expect(execution.status).toBe('delayed');
        expect(execution.log.at(-1)).toEqual({ timestamp: '2023-11-14T22:13:20.000000Z', status: 'delayed' });
      }
      expect(await store.executions.delayEarly(sampleUs)).toEqual({ moved: [], nextDueUs: sampleUs + 100 });
      expect((await store.executions.find(due.id))?.status).toBe('requested');
    });

    test('what a runner may have a process for is found by host, oldest first', async () => {
      await using store = await open();
      const on = (hostname: string, startUs: number, status: Execution['status']) =>
        sampleExecution({ status, start_us: startUs, runner_info: { hostname, pid: 1 } });
      const all = executionStatuses.map((status) => on('here', sampleUs, status));
      const older = on('here', sampleUs - 1, 'running');
      const there = on('there', sampleUs - 2, 'canceling');
      await insertAll(store, [...all, older, there]);
      const started = all.filter((execution) => startedStatuses.includes(execution.status));
      expect(ids(await store.executions.started('here'))).toEqual([older.id, ...ids(started)]);
      expect(ids(await store.executions.started())).toEqual([there.id, older.id, ...ids(started)]);
      expect(await store.executions.started('nowhere')).toEqual([]);
    });
  });
}
