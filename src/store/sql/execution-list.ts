/** Lists of executions: filters, order and page as one statement, and the count of all matches as another. */
import {
  type Expression,
  Kysely,
  type SqlBool,
  SqliteAdapter,
  DummyDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely';
import type { ExecutionQuery } from '../../core/model/execution-query.ts';
import { executionColumns } from './execution-rows.ts';
import type { SqlValue, Statement } from './session.ts';

interface ExecutionTable {
  readonly [column: string]: SqlValue;
}

/** Used as a compiler only: statements travel to the database by the session. */
const compiler = new Kysely<{ executions: ExecutionTable }>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});

const sortColumns = {
  start_timestamp: 'start_us',
  action: 'action_ref',
  status: 'status',
  id: 'id',
  runner: 'runner_name',
  user: 'user_name',
  parent: 'parent',
  liveaction: 'liveaction_id',
} as const satisfies Record<ExecutionQuery['sort'][number]['key'], string>;

/** Paths of the search box that are columns; others are looked up in the stored JSON. */
const pathColumns: Readonly<Record<string, string>> = {
  id: 'id',
  status: 'status',
  parent: 'parent',
  'action.ref': 'action_ref',
  'runner.name': 'runner_name',
  'context.user': 'user_name',
  'liveaction.id': 'liveaction_id',
  'liveaction.action': 'action_ref',
};

export function listStatements(query: ExecutionQuery): { page: Statement; count: Statement } {
  const base = compiler.selectFrom('executions').where((builder) => builder.and(conditions(query)));
  let page = base.select([...executionColumns]);
  for (const { key, descending } of query.sort) page = page.orderBy(sortColumns[key], descending ? 'desc' : 'asc');
  // The id last: pages are stable where the asked-for keys are equal.
  page = page.orderBy('id', query.sort[0]?.descending ? 'desc' : 'asc');
  if (query.limit >= 0) page = page.limit(query.limit);
  else if (query.offset > 0) page = page.limit(Number.MAX_SAFE_INTEGER);
  if (query.offset > 0) page = page.offset(query.offset);
  return { page: compiled(page), count: compiled(base.select(sql<number>`COUNT(*)`.as('total'))) };
}

function compiled(query: { compile(): { sql: string; parameters: readonly unknown[] } }): Statement {
  const { sql: text, parameters } = query.compile();
  return { sql: text, parameters: parameters as readonly SqlValue[] }; // only texts, numbers and nulls are bound below
}

function conditions(query: ExecutionQuery): Expression<SqlBool>[] {
  const all: Expression<SqlBool>[] = [];
  const equal = (column: string, value: string | undefined) => {
    if (value !== undefined) all.push(sql<SqlBool>`${sql.ref(column)} = ${value}`);
  };
  if (query.ids) all.push(sql<SqlBool>`id IN (${sql.join(query.ids.length > 0 ? query.ids : [''])})`);
  equal('status', query.status);
  equal('action_ref', query.action);
  equal('runner_name', query.runner);
  equal('user_name', query.user);
  equal('liveaction_id', query.liveaction);
  if (query.parent === null) all.push(sql<SqlBool>`parent IS NULL`);
  else equal('parent', query.parent);
  if (query.startAfterUs !== undefined) all.push(sql<SqlBool>`start_us > ${query.startAfterUs}`);
  if (query.startBeforeUs !== undefined) all.push(sql<SqlBool>`start_us < ${query.startBeforeUs}`);
  if (query.startRangeUs)
    all.push(sql<SqlBool>`start_us BETWEEN ${query.startRangeUs[0]} AND ${query.startRangeUs[1]}`);
  // Nothing is fired by rules yet: naming a rule or trigger matches nothing, `null` matches everything.
  for (const value of [query.rule, query.trigger, query.triggerType, query.triggerInstance]) {
    if (typeof value === 'string') all.push(sql<SqlBool>`1 = 0`);
  }
  for (const { path, value } of query.paths ?? []) all.push(pathCondition(path, value));
  return all;
}

function pathCondition(path: string, value: string): Expression<SqlBool> {
  const column = pathColumns[path];
  if (column) return sql<SqlBool>`${sql.ref(column)} = ${value}`;
  const [top, ...rest] = path.split('.');
  const stored = top === 'context' || top === 'parameters' ? top : undefined;
  if (!stored || rest.length === 0) return sql<SqlBool>`1 = 0`;
  const jsonPath = `$${rest.map((key) => `."${key.replaceAll('"', '')}"`).join('')}`;
  return sql<SqlBool>`CAST(json_extract(${sql.ref(stored)}, ${jsonPath}) AS TEXT) = ${value}`;
}
