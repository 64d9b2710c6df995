/**
 * How one execution is shown: text, a property table (`-d`), one part of the result (`-k`), JSON or YAML; a workflow
 * with its tasks (spec/cli.md §4.4).
 */
import { systemClock } from '../../base/clock.ts';
import { isObject } from '../../base/json.ts';
import { HttpStatusError } from '../../client/http-status-error.ts';
import type { Call } from '../command.ts';
import { UsageError } from '../options.ts';
import { valueAt } from '../output/attributes.ts';
import { executionText, withoutSecrets } from '../output/execution-text.ts';
import { drawGrid } from '../output/grid.ts';
import { dumpJson } from '../output/json.ts';
import { displayStatus, displayTime, statusWithElapsed } from '../output/moments.ts';
import { drawPropertyTable } from '../output/property-table.ts';
import { pythonText } from '../output/python-text.ts';
import { dumpYaml } from '../output/yaml.ts';
import type { Session } from '../session.ts';
import { type Row, rowOf, rowsOf, showForProgram, showList } from './show.ts';
import { pickAttributes } from '../output/attributes.ts';

export const runAttributes = [
  'id',
  'action.ref',
  'context.user',
  'parameters',
  'status',
  'start_timestamp',
  'end_timestamp',
  'result',
] as const;

/** `execution get` shows the log as well. */
export const getAttributes = [...runAttributes.slice(0, -1), 'log', 'result'] as const;

export interface ViewOptions {
  readonly attributes: readonly string[];
  /** `status: succeeded (1s elapsed)` */
  readonly withElapsed: boolean;
}

/** Runners whose executions have children. */
const workflowRunners = ['orquesta', 'action-chain', 'mistral-v2'];

export function isWorkflow(execution: Row): boolean {
  const runner = valueAt(execution, 'action.runner_type') ?? valueAt(execution, 'runner.name');
  return typeof runner === 'string' && workflowRunners.includes(runner);
}

/** Throws UsageError for `--show-tasks` on something that has none. */
export async function showExecution(call: Call, session: Session, execution: Row, view: ViewOptions): Promise<void> {
  const { options } = call;
  const key = options.text('key');
  if (options.has('show-tasks') && !isWorkflow(execution))
    throw new Error('--show-tasks option can only be used with workflow actions');
  const wantsTasks = isWorkflow(execution) && !options.has('raw') && !options.has('detail') && key === undefined;
  const shown = withoutSecrets(execution);
  if (wantsTasks) await showWorkflow(call, session, shown, view);
  else await showAlone(call, session, shown, view);
  if (options.has('with-schema') && !options.has('json') && !options.has('yaml')) await suggestSchema(call, execution);
}

async function showAlone(call: Call, session: Session, execution: Row, view: ViewOptions): Promise<void> {
  const { options, terminal } = call;
  const key = options.text('key');
  if (key !== undefined) {
    const path = `result.${key}`;
    if (await showForProgram(call, pickAttributes(execution, [path]))) return;
    const part = valueAt(execution, path);
    await terminal.print(Array.isArray(part) || isObject(part) ? dumpJson(part) : pythonText(part));
    return;
  }
  const attributes = options.texts('attr') ?? view.attributes;
  if (await showForProgram(call, pickAttributes(execution, attributes))) return;
  const display = displays(call, session, execution, view);
  const text = options.has('detail')
    ? drawPropertyTable(execution, { attributes, order: [], display })
    : executionText(execution, { attributes, coloured: terminal.coloured, display });
  await terminal.print(text);
}

/** The two times and the status, as people read them. */
function displays(call: Call, session: Session, execution: Row, view: Pick<ViewOptions, 'withElapsed'>) {
  const time = (value: unknown) => displayTime(value, session.config.timezone);
  const status = (value: unknown) => {
    const text = view.withElapsed ? statusWithElapsed(execution, systemClock.nowUs()) : pythonText(value);
    return displayStatus(text, call.terminal.coloured);
  };
  return { start_timestamp: time, end_timestamp: time, status };
}

async function showWorkflow(call: Call, session: Session, root: Row, view: ViewOptions): Promise<void> {
  const depth = call.options.integer('depth') ?? -1;
  const children = await childrenOf(session, String(root.id), depth);
  const asked = call.options.texts('attr');
  const summary = summarise(root, children);
  await showAlone(call, session, summary.record, { ...view, attributes: asked ?? summary.attributes });
  if (asked && !call.options.has('show-tasks')) return;
  const rows = treeRows(String(root.id), children);
  await showList(call, rows, {
    attributes: ['id', 'status', 'task', 'action', 'start_timestamp'],
    emptyTable: true,
    display: {
      status: (_value, row) => displayStatus(statusWithElapsed(row, systemClock.nowUs()), call.terminal.coloured),
      start_timestamp: (value) => displayTime(value, session.config.timezone),
    },
  });
}

async function childrenOf(session: Session, id: string, depth: number): Promise<Row[]> {
  try {
    const path = `/executions/${encodeURIComponent(id)}/children/`;
    return rowsOf(await session.client.get(path, [['depth', String(depth)]]));
  } catch (error) {
    if (error instanceof HttpStatusError && error.status === 404) return [];
    throw error;
  }
}

/** What is shown of the workflow itself: on failure also why, and the last task's result where there are tasks. */
function summarise(root: Row, children: readonly Row[]): { record: Row; attributes: string[] } {
  const result = rowOf(root.result);
  const base = ['id', 'action.ref', 'parameters', 'status', 'start_timestamp', 'end_timestamp', 'log'];
  const tasks = rowsOf(result.tasks);
  const last = tasks.at(-1);
  const failed = root.status === 'failed' || root.status === 'timeout';
  const lastChild = [...children].reverse().find((child) => child.status === root.status);
  const lastResult = rowOf(last ? last.result : lastChild?.result);
  const why: Row = failed
    ? {
        error: result.error ?? lastResult.error,
        traceback: result.traceback ?? lastResult.traceback,
        failed_on: last?.name ?? (lastChild ? taskName(lastChild) : undefined),
      }
    : {};
  const record = {
    ...root,
    ...why,
    ...(last ? { result_task: last.name, result: last.result } : {}),
  };
  const reasons = Object.keys(why).filter((name) => why[name] !== undefined);
  return { record, attributes: [...base, ...reasons, ...(last ? ['result_task'] : []), 'result'] };
}

function taskName(child: Row): string {
  const name = valueAt(child, 'context.orquesta.task_name') ?? valueAt(child, 'context.chain.name');
  return typeof name === 'string' ? name : '';
}

/** Children below their parents, ids indented by depth; where workflows are among them, those are marked. */
function treeRows(rootId: string, children: readonly Row[]): Row[] {
  const marks = children.some(isWorkflow);
  const known = new Set(children.map((child) => child.id));
  const below = (parent: unknown, depth: number): Row[] =>
    children
      .filter((child) => parentOf(child, rootId, known) === parent)
      .flatMap((child) => {
        const mark = marks ? (isWorkflow(child) ? '+ ' : '  ') : '';
        const row = {
          id: `${' '.repeat(depth)}${mark}${String(child.id)}`,
          status: child.status,
          task: taskName(child),
          action: valueAt(child, 'action.ref'),
          start_timestamp: child.start_timestamp,
          end_timestamp: child.end_timestamp,
        };
        return [row, ...below(child.id, depth + 1)];
      });
  return below(rootId, 0);
}

function parentOf(child: Row, rootId: string, known: ReadonlySet<unknown>): unknown {
  return child.parent !== undefined && known.has(child.parent) && child.parent !== child.id ? child.parent : rootId;
}

async function suggestSchema(call: Call, execution: Row): Promise<void> {
  if (!isObject(execution.result)) throw new UsageError('--with-schema: the execution has no result to go by');
  const schema = Object.entries(execution.result).map(([name, value]) => [name, { type: typeName(value) }]);
  const text = dumpYaml({ output_schema: Object.fromEntries(schema) }, { indent: 2, width: 80 });
  await call.terminal.print(
    `\n${drawGrid([{ title: '', widthMax: 100 }], [[`Suggested output schema:\n${text.trimEnd()}`]], { withHead: false })}`,
  );
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}
