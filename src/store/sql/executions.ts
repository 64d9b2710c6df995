/** Executions in SQL: one narrow row each, shared documents by hash, results apart so that lists never load them. */
import { Fault } from '../../base/errors.ts';
import { formatTimestamp } from '../../base/timestamp.ts';
import type { ExecutionQuery } from '../../core/model/execution-query.ts';
import type { Execution, RunnerInfo } from '../../core/model/execution.ts';
import {
  type ExecutionStatus,
  executionStatuses,
  finalStatuses,
  isFinal,
  startedStatuses,
  statusesBefore,
} from '../../core/model/execution-status.ts';
import type { ExecutionStore, Finish, ResultWish, StatusMove } from '../execution-store.ts';
import { type ExecutionRows, executionColumns } from './execution-rows.ts';
import { listStatements } from './execution-list.ts';
import {
  integer,
  optionalInteger,
  type Row,
  type SqlSession,
  type SqlValue,
  type Statement,
  statement,
  text,
} from './session.ts';

const columns = executionColumns.join(', ');
/** SQLite refuses more placeholders than this in one statement on old builds; lists of ids are cut into such pieces. */
const placeholdersMax = 500;

export function sqlExecutionStore(session: SqlSession, rows: ExecutionRows): ExecutionStore {
  async function withResults(found: readonly Row[], wish: ResultWish): Promise<readonly Execution[]> {
    const executions = await rows.parse(found);
    if (wish === 'none') return executions;
    const wanted = executions.filter(
      (execution) =>
        execution.result_size !== undefined && (wish === 'whole' || execution.result_size <= wish.maxBytes),
    );
    const results = new Map<string, string>();
    for (let at = 0; at < wanted.length; at += placeholdersMax) {
      const ids = wanted.slice(at, at + placeholdersMax).map((execution) => execution.id);
      const sql = `SELECT id, result FROM execution_results WHERE id IN (${marks(ids)})`;
      for (const row of await session.read(statement(sql, ...ids))) results.set(text(row, 'id'), text(row, 'result'));
    }
    return executions.map((execution) => {
      const result = results.get(execution.id);
      return result === undefined ? execution : { ...execution, result: JSON.parse(result) };
    });
  }

  async function one(found: readonly Row[] | undefined, wish: ResultWish = 'none'): Promise<Execution | undefined> {
    return found?.[0] ? (await withResults([found[0]], wish))[0] : undefined;
  }

  return {
    async insert(execution) {
      await session.write(rows.insert(execution));
    },

    async find(id, wish = 'none') {
      return one(await session.read(statement(`SELECT ${columns} FROM executions WHERE id = ?`, id)), wish);
    },

    async list(query: ExecutionQuery) {
      const { page, count } = listStatements(query);
      const [found, counted] = await Promise.all([session.read(page), session.read(count)]);
      const first = counted[0];
      return {
        executions: await withResults(found, query.withResult ? 'whole' : 'none'),
        total: first ? integer(first, 'total') : 0,
      };
    },

    async children(parents, withResult) {
      if (parents.length === 0) return [];
      const sql = `SELECT ${columns} FROM executions WHERE parent IN (${marks(parents)}) ORDER BY start_us, id`;
      return withResults(await session.read(statement(sql, ...parents)), withResult ? 'whole' : 'none');
    },

    async newest(user) {
      const [where, parameters] = user === undefined ? ['', []] : [' AND user_name = ?', [user]];
      const sql = `SELECT ${columns} FROM executions WHERE parent IS NULL${where} ORDER BY start_us DESC, id DESC LIMIT 1`;
      return one(await session.read(statement(sql, ...parameters)));
    },

    async claim({ limit, nowUs, runner }) {
      // Of each status the first by time, in the order of the index of active ones: a claim costs the same whether ten
      // or ten thousand wait. The status in the outer WHERE makes it a compare-and-set (whoever comes second updates
      // nothing); COALESCE keeps the planner from walking all that wait, instead of the few ids, for its sake.
      const due = (status: 'requested' | 'delayed') =>
        `SELECT * FROM (SELECT id, due_us FROM executions WHERE status = '${status}' AND status NOT IN (${literals(finalStatuses)})
          AND due_us <= ? ORDER BY due_us, id LIMIT ?) AS ${status}`;
      const sql = `UPDATE executions SET status = 'running', log = log || ?, attempt = attempt + 1, runner_host = ?, runner_pid = ?
        WHERE id IN (SELECT id FROM (${due('requested')} UNION ALL ${due('delayed')}) AS due ORDER BY due_us, id LIMIT ?)
        AND COALESCE(status, '') IN ('requested', 'delayed') RETURNING ${columns}`;
      const log = logEntry('scheduled', nowUs) + logEntry('running', nowUs);
      const written = await session.write([
        statement(sql, log, runner.hostname, runner.pid, nowUs, limit, nowUs, limit, limit),
      ]);
      const claimed = await rows.parse(written?.[0] ?? []);
      return [...claimed].sort((a, b) => a.due_us - b.due_us || (a.id < b.id ? -1 : 1));
    },

    async delayEarly(nowUs) {
      const move = `UPDATE executions SET status = 'delayed', log = log || ? WHERE status = 'requested' AND due_us > ? RETURNING ${columns}`;
      // One question, because it is asked with every claim.
      const look = `SELECT
        (SELECT MAX(due_us) FROM executions WHERE status = 'requested' AND status NOT IN (${literals(finalStatuses)})) AS latest,
        (SELECT MIN(due_us) FROM executions WHERE status = 'delayed' AND status NOT IN (${literals(finalStatuses)})) AS due_us`;
      const next = async () => (await session.read(statement(look)))[0];
      const before = await next();
      if (!before || (optionalInteger(before, 'latest') ?? 0) <= nowUs)
        return { moved: [], nextDueUs: before && optionalInteger(before, 'due_us') };
      const moved = (await session.write([statement(move, logEntry('delayed', nowUs), nowUs)]))?.[0] ?? [];
      const after = await next();
      return { moved: await rows.parse(moved), nextDueUs: after && optionalInteger(after, 'due_us') };
    },

    async started(hostname) {
      const [host, values] = hostname === undefined ? ['', []] : [' AND runner_host = ?', [hostname]];
      const sql = `SELECT ${columns} FROM executions WHERE status IN (${marks(startedStatuses)})${host} ORDER BY start_us, id`;
      return rows.parse(await session.read(statement(sql, ...startedStatuses, ...values)));
    },

    async move(id, move) {
      return one((await session.write([moveStatement(id, move)]))?.[0]);
    },

    async finish(id, finish) {
      const result = JSON.stringify(finish.result);
      const written = await session.write([
        { ...moveStatement(id, finish, result), mustTouch: true },
        statement(
          'INSERT INTO execution_results (id, result) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET result = excluded.result',
          id,
          result,
        ),
      ]);
      const finished = await one(written?.[0]);
      return finished && { ...finished, result: finish.result };
    },

    async countByStatus() {
      // The partial index answers this without touching history.
      const sql = `SELECT status, COUNT(*) AS total FROM executions WHERE status NOT IN (${literals(finalStatuses)}) GROUP BY status`;
      return Object.fromEntries(
        (await session.read(statement(sql))).map((row) => [text(row, 'status'), integer(row, 'total')]),
      );
    },

    async distinct(column) {
      const name = { action: 'action_ref', status: 'status', runner: 'runner_name', user: 'user_name' }[column];
      return (await session.read(statement(`SELECT DISTINCT ${name} AS value FROM executions ORDER BY value`))).map(
        (row) => text(row, 'value'),
      );
    },

    async removeEnded(beforeUs, limit) {
      const doomed = 'SELECT id FROM executions WHERE end_us IS NOT NULL AND end_us < ? ORDER BY end_us LIMIT ?';
      const [, removed] =
        (await session.write([
          statement(`DELETE FROM execution_results WHERE id IN (${doomed})`, beforeUs, limit),
          statement(`DELETE FROM executions WHERE id IN (${doomed}) RETURNING ${columns}`, beforeUs, limit),
        ])) ?? [];
      return rows.parse(removed ?? []);
    },
  };
}

function moveStatement(id: string, move: StatusMove | Finish, result?: string): Statement {
  const from = move.from ?? statusesBefore(move.to);
  const illegal = from.find((status) => !statusesBefore(move.to).includes(status));
  if (illegal) throw new Fault('invalid_transition', `an execution cannot go from ${illegal} to ${move.to}`);
  const sets = ['status = ?', 'log = log || ?'];
  const values: SqlValue[] = [move.to, logEntry(move.to, move.atUs, move.reason)];
  const set = (column: string, value: SqlValue) => {
    sets.push(`${column} = ?`);
    values.push(value);
  };
  if (move.context) set('context', JSON.stringify(move.context));
  if ('endUs' in move) set('end_us', move.endUs);
  else if (isFinal(move.to)) set('end_us', move.atUs);
  if (result !== undefined) set('result_size', Buffer.byteLength(result));
  if ('output' in move && move.output) set('output', JSON.stringify(move.output));
  const wheres = ['id = ?', `status IN (${marks(from)})`];
  values.push(id, ...from);
  if (move.attempt !== undefined) {
    wheres.push('attempt = ?');
    values.push(move.attempt);
  }
  return statement(
    `UPDATE executions SET ${sets.join(', ')} WHERE ${wheres.join(' AND ')} RETURNING ${columns}`,
    ...values,
  );
}

/** Log entries are stored as JSON objects each followed by a comma: appending one is plain text concatenation. */
export function logEntry(status: ExecutionStatus, atUs: number, reason?: string): string {
  const timestamp = formatTimestamp(Math.floor(atUs / 1000) * 1000);
  return `${JSON.stringify(reason === undefined ? { timestamp, status } : { timestamp, status, reason })},`;
}

function marks(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ');
}

/** Only for values of our own tables: the planner uses a partial index when it sees its condition spelled out. */
function literals(statuses: readonly ExecutionStatus[]): string {
  return statuses
    .filter((status) => executionStatuses.includes(status))
    .map((status) => `'${status}'`)
    .join(', ');
}

export type { RunnerInfo };
