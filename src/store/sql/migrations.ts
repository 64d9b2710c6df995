/**
 * The schema, as numbered steps that are only ever added to. `breaking` marks a step after which an older program can
 * no longer share the database: it refuses to start on it.
 */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly breaking: boolean;
  readonly sql: readonly string[];
}

export const migrations: readonly Migration[] = [
  {
    number: 1,
    name: 'first light',
    breaking: true,
    sql: [
      // Documents that many executions share (action and runner type as they were), by the hash of their text: an
      // execution row stays at a few hundred bytes instead of eight kilobytes.
      'CREATE TABLE snapshots (hash TEXT PRIMARY KEY, document TEXT NOT NULL)',
      `CREATE TABLE executions (
        id TEXT PRIMARY KEY,
        liveaction_id TEXT NOT NULL,
        status TEXT NOT NULL,
        start_us BIGINT NOT NULL,
        due_us BIGINT NOT NULL,
        end_us BIGINT,
        delay BIGINT,
        action_ref TEXT NOT NULL,
        runner_name TEXT NOT NULL,
        user_name TEXT NOT NULL,
        parent TEXT,
        action_hash TEXT NOT NULL,
        runner_hash TEXT NOT NULL,
        parameters TEXT NOT NULL,
        context TEXT NOT NULL,
        notify TEXT,
        log TEXT NOT NULL,
        attempt BIGINT NOT NULL,
        runner_host TEXT,
        runner_pid BIGINT,
        result_size BIGINT,
        output TEXT
      )`,
      // Claims, recovery and the status counts look only at what is not final: the index stays as small as the work.
      `CREATE INDEX executions_active ON executions (status, due_us)
        WHERE status NOT IN ('succeeded', 'failed', 'timeout', 'canceled', 'abandoned')`,
      'CREATE INDEX executions_end ON executions (end_us) WHERE end_us IS NOT NULL',
      'CREATE INDEX executions_start ON executions (start_us)',
      'CREATE INDEX executions_action ON executions (action_ref, start_us)',
      'CREATE INDEX executions_status ON executions (status, start_us)',
      'CREATE INDEX executions_parent ON executions (parent) WHERE parent IS NOT NULL',
      'CREATE TABLE execution_results (id TEXT PRIMARY KEY, result TEXT NOT NULL)',
      'CREATE TABLE packs (ref TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, document TEXT NOT NULL)',
      'CREATE TABLE actions (ref TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, pack TEXT NOT NULL, document TEXT NOT NULL)',
      'CREATE INDEX actions_pack ON actions (pack)',
      'CREATE TABLE runner_types (name TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, enabled BIGINT NOT NULL, document TEXT NOT NULL)',
      `CREATE TABLE tokens (
        token_hash TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, user_name TEXT NOT NULL,
        expiry_us BIGINT NOT NULL, metadata TEXT NOT NULL, service BIGINT NOT NULL
      )`,
      'CREATE INDEX tokens_expiry ON tokens (expiry_us)',
      `CREATE TABLE api_keys (
        id TEXT PRIMARY KEY, key_hash TEXT NOT NULL UNIQUE, user_name TEXT NOT NULL,
        created_us BIGINT NOT NULL, metadata TEXT NOT NULL, enabled BIGINT NOT NULL
      )`,
      'CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)',
    ],
  },
];

export const newestMigration = migrations.length;
