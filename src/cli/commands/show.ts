/** How commands print records: a table for people, JSON or YAML for programs. */
import { isObject } from '../../base/json.ts';
import type { Call, Outcome } from '../command.ts';
import { pickAttributes } from '../output/attributes.ts';
import { dumpSortedJson } from '../output/json.ts';
import { drawListTable, type ListTableOptions } from '../output/list-table.ts';
import { drawPropertyTable } from '../output/property-table.ts';
import { dumpYaml } from '../output/yaml.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Prints the value in the asked-for form; false where the form is the one for people. */
export async function showForProgram(call: Call, value: unknown): Promise<boolean> {
  const text = formForProgram(call, value);
  if (text === undefined) return false;
  await call.terminal.print(text);
  return true;
}

function formForProgram(call: Call, value: unknown): string | undefined {
  if (call.options.has('json')) return dumpSortedJson(value);
  if (call.options.has('yaml')) return dumpYaml(value, { indent: 4, width: 80 });
  return undefined;
}

export interface ListOptions {
  readonly attributes: readonly string[];
  readonly display?: NonNullable<ListTableOptions['display']>;
  /** Lists that are printed in reverse show an empty table, the others a sentence. */
  readonly emptyTable?: true;
}

export async function showList(call: Call, rows: readonly Row[], options: ListOptions): Promise<void> {
  if (rows.length === 0 && !options.emptyTable) {
    await call.terminal.print('No matching items found');
    return;
  }
  const picked = rows.map((row) => pickAttributes(row, options.attributes));
  if (await showForProgram(call, picked)) return;
  const widths = call.options.integers('width');
  await call.terminal.print(
    drawListTable(rows, {
      attributes: options.attributes,
      terminalWidth: call.terminal.columns,
      ...(widths ? { widths } : {}),
      ...(options.display ? { display: options.display } : {}),
    }),
  );
}

export interface RecordOptions {
  readonly attributes: readonly string[];
  readonly order?: readonly string[];
}

export async function showRecord(call: Call, record: Row, options: RecordOptions): Promise<void> {
  if (await showForProgram(call, pickAttributes(record, options.attributes))) return;
  await call.terminal.print(drawPropertyTable(record, options));
}

/**
 * Fetches and shows each: a missing one is named, and where it was the only one the command fails with it.
 * Errors other than "not found" are told as they are.
 */
export async function showEach(
  call: Call,
  ids: readonly string[],
  kind: string,
  fetchOne: (id: string) => Promise<Row | undefined>,
  show: (row: Row) => Promise<void>,
): Promise<Outcome> {
  for (const id of ids) {
    const row = await fetchOne(id);
    if (row) await show(row);
    else {
      await call.terminal.print(`${kind} "${id}" is not found.\n`);
      if (ids.length === 1) throw new NotFound(`Resource ${id} not found.`);
    }
  }
  return 'done';
}

/** The one thing that was asked for does not exist. */
export class NotFound extends Error {
  override name = 'NotFound';
}

/** The rows of a list answer. */
export function rowsOf(value: unknown): Row[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function rowOf(value: unknown): Row {
  return isObject(value) ? value : {};
}
