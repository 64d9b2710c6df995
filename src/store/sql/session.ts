/**
 * What the SQL of the product needs of a database: statements as data, read or written in units. A unit is a list of
 * statements that happen together or not at all; the adapter groups the units of many callers into one commit.
 * Placeholders are `?`. Both adapters run the same statements, so they stay within what SQLite and PostgreSQL share.
 */
export type SqlValue = string | number | null;
export type Row = Readonly<Record<string, SqlValue>>;

export interface Statement {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
  /** The unit is rolled back, and answers undefined, where this statement touches no row. */
  readonly mustTouch?: boolean;
}

export interface SqlSession {
  read(statement: Statement): Promise<readonly Row[]>;
  /** Rows of each statement (empty without RETURNING), or undefined where a `mustTouch` found nothing. Durable on return. */
  write(unit: readonly Statement[]): Promise<readonly (readonly Row[])[] | undefined>;
}

export function statement(sql: string, ...parameters: SqlValue[]): Statement {
  return { sql, parameters };
}

export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new TypeError(`column ${column}: expected text, got ${typeof value}`);
  return value;
}

export function optionalText(row: Row, column: string): string | undefined {
  const value = row[column];
  return typeof value === 'string' ? value : undefined;
}

export function integer(row: Row, column: string): number {
  const value = row[column];
  if (typeof value === 'string' && /^-?\d+$/.test(value)) return Number(value); // PostgreSQL sends 64-bit integers as text
  if (typeof value !== 'number') throw new TypeError(`column ${column}: expected an integer, got ${typeof value}`);
  return value;
}

export function optionalInteger(row: Row, column: string): number | undefined {
  return row[column] === null || row[column] === undefined ? undefined : integer(row, column);
}
