/** `apikey list`, `get`, `create`, `delete`, `enable`, `disable`, `load`. */
import { readFileSync } from 'node:fs';
import { Fault, messageOf } from '../../base/errors.ts';
import { isObject, tryParseJson } from '../../base/json.ts';
import type { ApiClient } from '../../client/api-client.ts';
import { HttpStatusError } from '../../client/http-status-error.ts';
import type { Call, Outcome } from '../command.ts';
import { UsageError } from '../options.ts';
import { openSession } from '../session.ts';
import { deleteResource, findRow, getResources, listResource, type Resource, setEnabled } from './resources.ts';
import { type Row, rowOf, showList, showRecord } from './show.ts';

const apikeys: Resource = {
  path: '/apikeys',
  kind: 'API Key',
  listAttributes: ['id', 'user', 'metadata'],
  canInclude: false,
  getAttributes: ['all'],
  getOrder: ['id', 'user', 'metadata'],
};

export function apikeyList(call: Call): Promise<Outcome> {
  const user = call.options.text('user');
  const query: [string, string][] = [
    ...(user === undefined ? [] : [['user', user] as [string, string]]),
    ...(call.options.has('show-secrets') ? [['show_secrets', 'True'] as [string, string]] : []),
  ];
  return listResource(call, apikeys, query, call.options.has('detail') ? true : undefined);
}

export function apikeyGet(call: Call): Promise<Outcome> {
  return getResources(call, apikeys);
}

export async function apikeyCreate(call: Call): Promise<Outcome> {
  const user = call.options.text('user');
  const metadata = metadataOf(call.options.text('metadata'));
  const { client } = await openSession(call);
  const answer = await client.callAny('POST', '/apikeys', {
    body: { ...(user === undefined ? {} : { user }), ...(metadata === undefined ? {} : { metadata }) },
  });
  if (answer.status >= 400) {
    await call.terminal.print(`ERROR: ${answer.error.message}\n`);
    return 'refused';
  }
  const created = rowOf(answer.value);
  if (call.options.has('only-key')) await call.terminal.print(String(created.key ?? ''));
  else await showRecord(call, created, { attributes: ['all'] });
  return 'done';
}

function metadataOf(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  const value = tryParseJson(text);
  if (!isObject(value)) throw new UsageError(`option --metadata: "${text}" is not a JSON object`);
  return value;
}

export function apikeyDelete(call: Call): Promise<Outcome> {
  return deleteResource(call, apikeys);
}

export function apikeyEnable(call: Call): Promise<Outcome> {
  return setEnabled(call, apikeys, true, findKey);
}

export function apikeyDisable(call: Call): Promise<Outcome> {
  return setEnabled(call, apikeys, false, findKey);
}

function findKey(client: ApiClient, id: string): Promise<Row | undefined> {
  return findRow(client, `/apikeys/${encodeURIComponent(id)}`);
}

/** What `apikey list -d --show-secrets` wrote, put back: updated by id where it exists, created with its hash where not. */
export async function apikeyLoad(call: Call): Promise<Outcome> {
  const [file = ''] = call.args;
  const rows = await readRows(file);
  if (rows.length === 0) {
    await call.terminal.print(`No api key found in ${file}.`);
    return 'done';
  }
  const { client } = await openSession(call);
  const loaded: Row[] = [];
  for (const row of rows) loaded.push(await loadOne(client, row));
  await showList(call, loaded, { attributes: apikeys.listAttributes });
  return 'done';
}

async function loadOne(client: ApiClient, row: Row): Promise<Row> {
  const body = {
    id: row.id,
    user: row.user,
    key_hash: row.key_hash,
    metadata: row.metadata ?? {},
    enabled: row.enabled ?? false,
  };
  try {
    if (row.id !== undefined) {
      const path = `/apikeys/${encodeURIComponent(String(row.id))}`;
      return rowOf((await client.call('PUT', path, { body })).value);
    }
  } catch (error) {
    if (!(error instanceof HttpStatusError && error.status === 404)) throw error;
  }
  const { id: _, ...fresh } = body;
  return rowOf((await client.call('POST', '/apikeys', { body: fresh })).value);
}

async function readRows(file: string): Promise<Row[]> {
  const isJson = /\.json$/i.test(file);
  if (!isJson && !/\.ya?ml$/i.test(file))
    throw new Fault('invalid_input', `Unsupported meta type "${file}": expected .json, .yaml or .yml`);
  let value: unknown;
  try {
    const text = readFileSync(file, 'utf8');
    value = isJson ? JSON.parse(text) : (await import('../read-yaml.ts')).readYaml(text);
  } catch (error) {
    throw new Fault('invalid_input', `file "${file}" cannot be loaded: ${messageOf(error)}`, { cause: error });
  }
  const rows = Array.isArray(value) ? value : value === null || value === undefined ? [] : [value];
  return rows.map((row, index) => {
    if (!isObject(row) || typeof row.user !== 'string' || typeof row.key_hash !== 'string')
      throw new Fault('invalid_input', `${file}, item ${index + 1}: expected an object with user and key_hash`);
    return row;
  });
}
