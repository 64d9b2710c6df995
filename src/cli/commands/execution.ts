/** `execution list`, `get`, `cancel`, `pause`, `resume`. Starting and tailing have files of their own. */
import { systemClock } from '../../base/clock.ts';
import { isObject } from '../../base/json.ts';
import type { Call, Outcome } from '../command.ts';
import { drawGrid } from '../output/grid.ts';
import { displayStatus, displayTime, statusWithElapsed } from '../output/moments.ts';
import { openSession } from '../session.ts';
import { getAttributes, runAttributes, showExecution } from './execution-view.ts';
import { findRow } from './resources.ts';
import { rowOf, rowsOf, showEach, showList } from './show.ts';

const listAttributes = ['id', 'action.ref', 'context.user', 'status', 'start_timestamp', 'end_timestamp'] as const;
const lastDefault = 50;

export async function executionList(call: Call): Promise<Outcome> {
  const { options, terminal } = call;
  const attributes = options.texts('attr') ?? listAttributes;
  const last = options.integer('last') ?? lastDefault;
  const { client, config } = await openSession(call);
  const given = (name: string, parameter = name): [string, string][] => {
    const value = options.text(name);
    return value === undefined ? [] : [[parameter, value]];
  };
  const { value, headers } = await client.call('GET', '/executions/', {
    query: [
      ['limit', String(last)],
      ...given('action'),
      ...given('status'),
      ...given('user'),
      ...given('trigger_instance'),
      ...given('timestamp-gt', 'timestamp_gt'),
      ...given('timestamp-lt', 'timestamp_lt'),
      ...(options.has('showall') ? [] : [['parent', 'null'] as const]),
      [options.text('sort')?.startsWith('asc') ? 'sort_asc' : 'sort_desc', 'True'],
      ...(attributes.includes('all') ? [] : [['include_attributes', attributes.join(',')] as const]),
    ],
  });
  const time = (moment: unknown) => displayTime(moment, config.timezone);
  await showList(call, rowsOf(value).reverse(), {
    attributes,
    emptyTable: true,
    display: {
      start_timestamp: time,
      end_timestamp: time,
      status: (_status, row) => displayStatus(statusWithElapsed(row, systemClock.nowUs()), terminal.coloured),
    },
  });
  const total = Number(headers['x-total-count'] ?? 0);
  if (last > 0 && total > last && !options.has('json') && !options.has('yaml')) tellOfMore(call, last);
  return 'done';
}

function tellOfMore(call: Call, shown: number): void {
  const what = shown === 1 ? 'one action execution is' : `first ${shown} action executions are`;
  const note = `Note: Only ${what} displayed. Use -n/--last flag for more results.`;
  call.terminal.tell(drawGrid([{ title: '', widthMax: note.length }], [[note]], { withHead: false }));
}

export async function executionGet(call: Call): Promise<Outcome> {
  const session = await openSession(call);
  const attributes = call.options.texts('attr') ?? getAttributes;
  // The first five are what the view needs whatever is asked for; twice named is as good as once to the API.
  const wanted = ['action.ref', 'action.runner_type', 'start_timestamp', 'end_timestamp', 'log', ...attributes];
  const query = call.options.has('exclude-result')
    ? [['exclude_attributes', 'result'] as const]
    : attributes.includes('all')
      ? []
      : [['include_attributes', wanted.join(',')] as const];
  return showEach(
    call,
    call.args,
    'Action Execution',
    (id) => findRow(session.client, `/executions/${encodeURIComponent(id)}`, query),
    (row) => showExecution(call, session, row, { attributes: getAttributes, withElapsed: true }),
  );
}

/** Says what the server says: refusing to cancel what is over is an answer, not an error. */
export async function executionCancel(call: Call): Promise<Outcome> {
  const { client } = await openSession(call);
  for (const id of call.args) {
    const answer = await client.callAny('DELETE', `/executions/${encodeURIComponent(id)}`);
    if (answer.status >= 400 && answer.faultstring === undefined) throw answer.error;
    const refusal = isObject(answer.value) ? answer.faultstring : undefined;
    await call.terminal.print(refusal ?? `action execution with id ${id} canceled.`);
  }
  return 'done';
}

export function executionPause(call: Call): Promise<Outcome> {
  return putStatus(call, 'pausing');
}

export function executionResume(call: Call): Promise<Outcome> {
  return putStatus(call, 'resuming');
}

async function putStatus(call: Call, status: 'pausing' | 'resuming'): Promise<Outcome> {
  const session = await openSession(call);
  for (const id of call.args) {
    const { value } = await session.client.call('PUT', `/executions/${encodeURIComponent(id)}`, { body: { status } });
    await showExecution(call, session, rowOf(value), { attributes: runAttributes, withElapsed: false });
  }
  return 'done';
}
