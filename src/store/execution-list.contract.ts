/** What every ExecutionStore promises about lists: filters, order, pages, totals. Called by `execution-store.contract.ts`. */
import { describe, expect, test } from 'vitest';
import {
  sampleAction,
  sampleExecution,
  sampleId,
  sampleRunnerType,
  sampleUs,
} from '../../test/support/sample-execution.ts';
import type { Execution } from '../core/model/execution.ts';
import { type ExecutionQuery, type ExecutionSort, executionSortKeys } from '../core/model/execution-query.ts';
import type { Store } from './store.ts';
import type { OpenEmptyStore } from './store.contract.ts';

const everything: ExecutionQuery = { sort: [], limit: -1, offset: 0, withResult: false };

const workflow = sampleExecution({
  action: sampleAction({ ref: 'demo.flow', runner_type: 'orquesta' }),
  runner: sampleRunnerType({ name: 'orquesta' }),
  context: { user: 'ann', pack: 'demo' },
  status: 'running',
});
const task = sampleExecution({
  parent: workflow.id,
  start_us: sampleUs + 10,
  context: { user: 'ann', pack: 'core', parent: { execution_id: workflow.id }, orquesta: { task_name: 'build' } },
  parameters: { cmd: 'make', count: 3, deep: { er: ['x'] }, 'odd "key"': 'v' },
  status: 'succeeded',
});
const alone = sampleExecution({ start_us: sampleUs + 20, context: { user: 'bob', pack: 'core' }, status: 'failed' });
const sample = [workflow, task, alone];

/** Filter → the executions of `sample` it lets through. */
const filters: readonly [Partial<ExecutionQuery>, readonly Execution[]][] = [
  [{}, sample],
  [{ ids: [task.id, alone.id, sampleId()] }, [task, alone]],
  [{ ids: [] }, []],
  [{ status: 'failed' }, [alone]],
  [{ status: 'no such status' }, []],
  [{ action: 'core.local' }, [task, alone]],
  [{ action: 'core' }, []],
  [{ runner: 'orquesta' }, [workflow]],
  [{ user: 'ann' }, [workflow, task]],
  [{ liveaction: alone.liveaction_id }, [alone]],
  [{ parent: null }, [workflow, alone]],
  [{ parent: workflow.id }, [task]],
  [{ startAfterUs: sampleUs + 10 }, [alone]],
  [{ startBeforeUs: sampleUs + 10 }, [workflow]],
  [{ startAfterUs: sampleUs, startBeforeUs: sampleUs + 20 }, [task]],
  [{ startRangeUs: [sampleUs, sampleUs + 10] }, [workflow, task]],
  [{ rule: null, trigger: null, triggerType: null, triggerInstance: null }, sample],
  [{ rule: 'demo.rule' }, []],
  [{ trigger: 'demo.trigger' }, []],
  [{ triggerType: 'demo.type' }, []],
  [{ triggerInstance: sampleId() }, []],
  [{ user: 'ann', parent: null }, [workflow]],
  [{ user: 'bob', status: 'running' }, []],
  [{ paths: [{ path: 'status', value: 'failed' }] }, [alone]],
  [{ paths: [{ path: 'action.ref', value: 'demo.flow' }] }, [workflow]],
  [{ paths: [{ path: 'runner.name', value: 'orquesta' }] }, [workflow]],
  [{ paths: [{ path: 'context.user', value: 'bob' }] }, [alone]],
  [{ paths: [{ path: 'parent', value: workflow.id }] }, [task]],
  [{ paths: [{ path: 'id', value: alone.id }] }, [alone]],
  [{ paths: [{ path: 'liveaction.id', value: task.liveaction_id }] }, [task]],
  [{ paths: [{ path: 'liveaction.action', value: 'demo.flow' }] }, [workflow]],
  [{ paths: [{ path: 'context.orquesta.task_name', value: 'build' }] }, [task]],
  [{ paths: [{ path: 'parameters.cmd', value: 'make' }] }, [task]],
  [{ paths: [{ path: 'parameters.count', value: '3' }] }, [task]],
  [{ paths: [{ path: 'parameters.none', value: '' }] }, []],
  [{ paths: [{ path: 'parameters', value: 'x' }] }, []],
  [{ paths: [{ path: 'no.such.path', value: 'x' }] }, []],
  [{ paths: [{ path: `parameters.cmd') OR 1=1 --`, value: 'x' }] }, []],
  [
    {
      paths: [
        { path: 'context.user', value: 'ann' },
        { path: 'status', value: 'running' },
      ],
    },
    [workflow],
  ],
  [{ user: `ann' OR '1'='1` }, []],
];

async function openWith(open: OpenEmptyStore, executions: readonly Execution[]): Promise<Store> {
  const store = await open();
  await Promise.all(executions.map((execution) => store.executions.insert(execution)));
  return store;
}

function ids(executions: readonly Execution[]): readonly string[] {
  return executions.map((execution) => execution.id);
}

function sortValue(execution: Execution, key: ExecutionSort['key']): string | number | null {
  switch (key) {
    case 'start_timestamp':
      return execution.start_us;
    case 'action':
      return execution.action.ref;
    case 'status':
      return execution.status;
    case 'id':
      return execution.id;
    case 'runner':
      return execution.runner.name;
    case 'user':
      return execution.context.user;
    case 'parent':
      return execution.parent ?? null;
    case 'liveaction':
      return execution.liveaction_id;
  }
}

export function executionListContract(open: OpenEmptyStore): void {
  describe('lists', () => {
    test('every filter lets through what it names, and the total counts it whatever the page', async () => {
      await using store = await openWith(open, sample);
      for (const [filter, wanted] of filters) {
        const { executions, total } = await store.executions.list({ ...everything, ...filter });
        const what = JSON.stringify(filter);
        expect(new Set(ids(executions)), what).toEqual(new Set(ids(wanted)));
        expect(total, what).toBe(wanted.length);
        const paged = await store.executions.list({ ...everything, ...filter, limit: 1, offset: 1 });
        expect(paged.total, what).toBe(wanted.length);
        expect(paged.executions.length, what).toBe(Math.min(1, Math.max(0, wanted.length - 1)));
      }
    });

    test('what is listed is the whole record, children included', async () => {
      await using store = await openWith(open, sample);
      const { executions } = await store.executions.list({ ...everything, sort: [{ key: 'id', descending: false }] });
      expect(executions).toEqual([{ ...workflow, children: [task.id] }, task, alone]);
    });

    test('every key sorts in both directions', async () => {
      await using store = await openWith(open, sample);
      for (const key of executionSortKeys) {
        const sorted = async (descending: boolean) =>
          (await store.executions.list({ ...everything, sort: [{ key, descending }] })).executions.map((execution) =>
            sortValue(execution, key),
          );
        const up = await sorted(false);
        const compare = (a: (typeof up)[number], b: (typeof up)[number]) =>
          a === b ? 0 : a === null ? -1 : b === null ? 1 : a < b ? -1 : 1;
        // Whether absent values come first or last is each database's own; among the others there is one order.
        const present = up.filter((value) => value !== null);
        expect(present, key).toEqual([...present].sort(compare));
        expect(
          (await sorted(true)).filter((value) => value !== null),
          key,
        ).toEqual([...present].reverse());
      }
    });

    test('pages follow one another without overlap or hole, also where the sorted values are equal', async () => {
      const many = Array.from({ length: 23 }, (_, at) =>
        sampleExecution({ start_us: sampleUs + (at % 3), context: { user: `u${at % 2}`, pack: 'core' } }),
      );
      await using store = await openWith(open, many);
      for (const sort of [
        [],
        [{ key: 'start_timestamp', descending: true }],
        [
          { key: 'user', descending: false },
          { key: 'start_timestamp', descending: true },
        ],
      ] as const) {
        const whole = ids((await store.executions.list({ ...everything, sort })).executions);
        const pages: string[] = [];
        for (let offset = 0; offset < 30; offset += 5) {
          const page = await store.executions.list({ ...everything, sort, limit: 5, offset });
          expect(page.total).toBe(many.length);
          pages.push(...ids(page.executions));
        }
        expect(pages).toEqual(whole);
        expect(new Set(whole)).toEqual(new Set(ids(many)));
        expect(ids((await store.executions.list({ ...everything, sort, offset: 20 })).executions)).toEqual(
          whole.slice(20),
        );
      }
      expect((await store.executions.list({ ...everything, limit: 0 })).executions).toEqual([]);
    });

    test('newest first means requested last first, then the greater id', async () => {
      const [a, b, c] = [sampleExecution(), sampleExecution(), sampleExecution({ start_us: sampleUs + 1 })];
      await using store = await openWith(open, [a, b, c]);
      const sort = [{ key: 'start_timestamp', descending: true }] as const;
      expect(ids((await store.executions.list({ ...everything, sort })).executions)).toEqual(ids([c, b, a]));
    });
  });
}
