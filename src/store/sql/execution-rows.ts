/**
 * Between execution records and rows. Action and runner type are stored once per distinct document and found by hash;
 * secret parameters are sealed on the way in and opened on the way out, so that the database file holds none in clear.
 */
import { createHash } from 'node:crypto';
import { Fault } from '../../base/errors.ts';
import type { Action } from '../../core/model/action.ts';
import type { Execution, OutputSummary } from '../../core/model/execution.ts';
import { parseExecutionStatus } from '../../core/model/execution-status.ts';
import type { ParameterSchemas } from '../../core/model/parameter-schema.ts';
import { maskSecrets } from '../../core/model/secret.ts';
import { secretSchemas } from '../../core/model/secret-schemas.ts';
import type { RunnerType } from '../../core/model/runner-type.ts';
import { isWorkflowRunner } from '../../core/model/workflow-runners.ts';
import {
  integer,
  optionalInteger,
  optionalText,
  type Row,
  type SqlSession,
  type Statement,
  statement,
  text,
} from './session.ts';

/** Seals and opens the secret values among parameters. */
export interface ParameterSeal {
  seal(schemas: ParameterSchemas, parameters: Execution['parameters']): Execution['parameters'];
  open(schemas: ParameterSchemas, parameters: Execution['parameters']): Execution['parameters'];
}

export const executionColumns = [
  'id',
  'liveaction_id',
  'status',
  'start_us',
  'due_us',
  'end_us',
  'delay',
  'action_ref',
  'runner_name',
  'user_name',
  'parent',
  'action_hash',
  'runner_hash',
  'parameters',
  'context',
  'notify',
  'log',
  'attempt',
  'runner_host',
  'runner_pid',
  'result_size',
  'output',
] as const;

/** Distinct documents held in memory; an installation has some thousand actions, and old ones are read again on demand. */
const documentsMax = 5_000;

export class ExecutionRows {
  readonly #session: SqlSession;
  readonly #seal: ParameterSeal;
  readonly #documents = new Map<string, unknown>();
  /** Hash by document object: records share the objects of the content store, so each is serialised once. */
  readonly #hashes = new WeakMap<object, { hash: string; json: string }>();
  /** Hashes known to be committed. */
  readonly #stored = new Set<string>();

  constructor(session: SqlSession, seal: ParameterSeal) {
    this.#session = session;
    this.#seal = seal;
  }

  insert(execution: Execution): readonly Statement[] {
    const action = this.#snapshot(execution.action);
    const runner = this.#snapshot(execution.runner);
    const log = execution.log.map((entry) => `${JSON.stringify(entry)},`).join('');
    const parameters = this.#seal.seal(schemasOf(execution.action, execution.runner), execution.parameters);
    return [
      ...action.statements,
      ...runner.statements,
      statement(
        `INSERT INTO executions (${executionColumns.join(', ')}) VALUES (${executionColumns.map(() => '?').join(', ')})`,
        execution.id,
        execution.liveaction_id,
        execution.status,
        execution.start_us,
        execution.due_us,
        execution.end_us ?? null,
        execution.delay ?? null,
        execution.action.ref,
        execution.runner.name,
        execution.context.user,
        execution.parent ?? null,
        action.hash,
        runner.hash,
        JSON.stringify(parameters),
        JSON.stringify(execution.context),
        execution.notify ? JSON.stringify(execution.notify) : null,
        log,
        execution.attempt,
        execution.runner_info?.hostname ?? null,
        execution.runner_info?.pid ?? null,
        execution.result_size ?? null,
        execution.output ? JSON.stringify(execution.output) : null,
      ),
    ];
  }

  async parse(rows: readonly Row[]): Promise<readonly Execution[]> {
    if (rows.length === 0) return [];
    const documents = await this.#load(rows.flatMap((row) => [text(row, 'action_hash'), text(row, 'runner_hash')]));
    const children = await this.#children(rows);
    return rows.map((row) => this.#execution(row, documents, children.get(text(row, 'id')) ?? []));
  }

  #execution(row: Row, documents: ReadonlyMap<string, unknown>, children: readonly string[]): Execution {
    const id = text(row, 'id');
    const action = documents.get(text(row, 'action_hash')) as Action | undefined; // written by insert() above
    const runner = documents.get(text(row, 'runner_hash')) as RunnerType | undefined; // likewise
    const status = parseExecutionStatus(row.status);
    if (!action || !runner || !status)
      throw new Fault('store_failed', `execution ${id}: its row is damaged (status ${row.status})`);
    const host = optionalText(row, 'runner_host');
    const output = optionalText(row, 'output');
    const notify = optionalText(row, 'notify');
    const parent = optionalText(row, 'parent');
    const delay = optionalInteger(row, 'delay');
    const endUs = optionalInteger(row, 'end_us');
    const resultSize = optionalInteger(row, 'result_size');
    return {
      id,
      liveaction_id: text(row, 'liveaction_id'),
      status,
      start_us: integer(row, 'start_us'),
      due_us: integer(row, 'due_us'),
      ...(endUs !== undefined && { end_us: endUs }),
      ...(delay !== undefined && { delay }),
      action,
      runner,
      ...this.#openParameters(schemasOf(action, runner), JSON.parse(text(row, 'parameters'))),
      context: JSON.parse(text(row, 'context')),
      ...(notify !== undefined && { notify: JSON.parse(notify) }),
      log: JSON.parse(`[${text(row, 'log').slice(0, -1)}]`),
      ...(parent !== undefined && { parent }),
      children,
      ...(host !== undefined && { runner_info: { hostname: host, pid: optionalInteger(row, 'runner_pid') ?? 0 } }),
      attempt: integer(row, 'attempt'),
      ...(resultSize !== undefined && { result_size: resultSize }),
      ...(output !== undefined && { output: JSON.parse(output) as OutputSummary }), // written by finish()
    };
  }

  /** One that cannot be opened must not keep others from being listed, claimed or finished. */
  #openParameters(
    schemas: ParameterSchemas,
    sealed: Execution['parameters'],
  ): Pick<Execution, 'parameters' | 'unreadable'> {
    try {
      return { parameters: this.#seal.open(schemas, sealed) };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return { parameters: maskSecrets(schemas, sealed), unreadable: error.message };
    }
  }

  /** Only workflows have children; the question is asked once for a whole list. */
  async #children(rows: readonly Row[]): Promise<ReadonlyMap<string, readonly string[]>> {
    const found = new Map<string, string[]>();
    const parents = rows.filter((row) => isWorkflowRunner(text(row, 'runner_name'))).map((row) => text(row, 'id'));
    if (parents.length === 0) return found;
    const sql = `SELECT id, parent FROM executions WHERE parent IN (${parents.map(() => '?').join(', ')}) ORDER BY start_us, id`;
    for (const row of await this.#session.read(statement(sql, ...parents))) {
      const parent = text(row, 'parent');
      found.set(parent, [...(found.get(parent) ?? []), text(row, 'id')]);
    }
    return found;
  }

  #snapshot(document: object): { hash: string; statements: readonly Statement[] } {
    let known = this.#hashes.get(document);
    if (!known) {
      const json = JSON.stringify(document);
      known = { json, hash: createHash('sha256').update(json).digest('base64url') };
      this.#hashes.set(document, known);
    }
    const { hash, json } = known;
    if (this.#stored.has(hash)) return { hash, statements: [] };
    return {
      hash,
      statements: [
        statement('INSERT INTO snapshots (hash, document) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING', hash, json),
      ],
    };
  }

  /** The documents of these hashes, from memory where they are there. */
  async #load(hashes: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
    const found = new Map<string, unknown>();
    const missing = new Set<string>();
    for (const hash of hashes) {
      if (this.#documents.has(hash)) found.set(hash, this.#documents.get(hash));
      else missing.add(hash);
    }
    if (missing.size === 0) return found;
    const sql = `SELECT hash, document FROM snapshots WHERE hash IN (${[...missing].map(() => '?').join(', ')})`;
    if (this.#documents.size + missing.size > documentsMax) this.#documents.clear();
    for (const row of await this.#session.read(statement(sql, ...missing))) {
      const hash = text(row, 'hash');
      const document: unknown = JSON.parse(text(row, 'document'));
      this.#documents.set(hash, document);
      this.#stored.add(hash);
      found.set(hash, document);
    }
    return found;
  }
}

function schemasOf(action: Action, runner: RunnerType): ParameterSchemas {
  return secretSchemas(runner.runner_parameters, action.parameters);
}
