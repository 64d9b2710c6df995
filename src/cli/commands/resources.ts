/** The steps that commands on different resources share: list with attributes, get, delete, enable and disable. */
import type { ApiClient, Query } from '../../client/api-client.ts';
import { HttpStatusError } from '../../client/http-status-error.ts';
import type { Call, Outcome } from '../command.ts';
import { openSession } from '../session.ts';
import { type Row, rowOf, rowsOf, showEach, showList, showRecord } from './show.ts';

export interface Resource {
  /** `/actions` */
  readonly path: string;
  /** As in `Action "x" is not found.` */
  readonly kind: string;
  readonly listAttributes: readonly string[];
  /** The API of this resource can leave attributes out. */
  readonly canInclude: boolean;
  readonly getAttributes: readonly string[];
  readonly getOrder?: readonly string[];
}

export async function listResource(call: Call, resource: Resource, query: Query = [], all?: true): Promise<Outcome> {
  const { client } = await openSession(call);
  const attributes = all ? ['all'] : (call.options.texts('attr') ?? resource.listAttributes);
  const include: Query =
    resource.canInclude && !attributes.includes('all') ? [['include_attributes', attributes.join(',')]] : [];
  await showList(call, rowsOf(await client.get(resource.path, [...include, ...query])), { attributes });
  return 'done';
}

export async function getResources(call: Call, resource: Resource): Promise<Outcome> {
  const { client } = await openSession(call);
  const attributes = call.options.texts('attr') ?? resource.getAttributes;
  return showEach(
    call,
    call.args,
    resource.kind,
    (id) => findRow(client, `${resource.path}/${encodeURIComponent(id)}`),
    (row) => showRecord(call, row, { attributes, ...(resource.getOrder ? { order: resource.getOrder } : {}) }),
  );
}

/** The record, or undefined for 404. */
export async function findRow(client: ApiClient, path: string, query: Query = []): Promise<Row | undefined> {
  const answer = await client.callAny('GET', path, { query });
  if (answer.status === 404) return undefined;
  if (answer.status >= 400) throw answer.error;
  return rowOf(answer.value);
}

/** Fetches, deletes, says so; what is not there is named and refused. */
export async function deleteResource(call: Call, resource: Resource): Promise<Outcome> {
  const { client } = await openSession(call);
  const [id = ''] = call.args;
  const path = `${resource.path}/${encodeURIComponent(id)}`;
  if (!(await findRow(client, path))) {
    await call.terminal.print(`${resource.kind} "${id}" is not found.\n`);
    return 'refused';
  }
  const answer = await client.callAny('DELETE', path);
  if (answer.status >= 400 && answer.status !== 404) throw answer.error;
  await call.terminal.print(`Resource with id "${id}" has been successfully deleted.`);
  return 'done';
}

/** Puts the record back with `enabled` changed; the API wants the whole record, without its ref. */
export async function setEnabled(
  call: Call,
  resource: Resource,
  enabled: boolean,
  find: (client: ApiClient, id: string) => Promise<Row | undefined>,
): Promise<Outcome> {
  const { client } = await openSession(call);
  const [id = ''] = call.args;
  const row = await find(client, id);
  if (!row) {
    await call.terminal.print(`${resource.kind} "${id}" is not found.\n`);
    return 'refused';
  }
  const { ref: _, ...kept } = row;
  const answer = await client.call('PUT', `${resource.path}/${encodeURIComponent(String(row.id ?? id))}`, {
    body: { ...kept, enabled },
  });
  await showRecord(call, rowOf(answer.value), { attributes: ['all'] });
  return 'done';
}

/** By name first, then by id: how the original finds what has both. Throws where the name is not the only one. */
export async function findByNameOrId(
  client: ApiClient,
  resource: Resource,
  nameOrId: string,
): Promise<Row | undefined> {
  const named = rowsOf(await client.get(`${resource.path}/`, [['name', nameOrId]]));
  if (named.length > 1) throw new Error(`More than one ${resource.kind.toLowerCase()} named "${nameOrId}" are found.`);
  return named[0] ?? (await findRow(client, `${resource.path}/${encodeURIComponent(nameOrId)}`));
}

/** A refusal for which the command has words of its own. */
export function isStatus(error: unknown, status: number): error is HttpStatusError {
  return error instanceof HttpStatusError && error.status === status;
}
