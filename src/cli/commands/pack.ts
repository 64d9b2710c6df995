/** `pack list`, `get`, `register`, and `reload`, which registers everything that is good and names everything that is not. */
import { isObject } from '../../base/json.ts';
import type { Call, Outcome } from '../command.ts';
import { openSession } from '../session.ts';
import { getResources, listResource, type Resource } from './resources.ts';
import { type Row, rowOf, rowsOf, showForProgram, showRecord } from './show.ts';

const packs: Resource = {
  path: '/packs',
  kind: 'Pack',
  listAttributes: ['ref', 'name', 'description', 'version', 'author'],
  canInclude: true,
  getAttributes: ['name', 'version', 'author', 'email', 'keywords', 'description'],
  getOrder: ['name', 'version', 'author', 'email', 'keywords', 'description'],
};

export function packList(call: Call): Promise<Outcome> {
  return listResource(call, packs);
}

export function packGet(call: Call): Promise<Outcome> {
  return getResources(call, packs);
}

export async function packRegister(call: Call): Promise<Outcome> {
  const { client } = await openSession(call);
  const answer = await client.callAny('POST', '/packs/register', { body: selection(call) });
  if (answer.status >= 400) {
    await call.terminal.print(`ERROR: ${answer.error.message}\n`);
    return 'refused';
  }
  await showRecord(call, rowOf(answer.value), { attributes: ['all'] });
  return 'done';
}

/**
 * Registers with `fail_on_failure` off: one bad file hides nothing. Prints the counts and then every error with its
 * place; fails if there was one.
 */
export async function reload(call: Call): Promise<Outcome> {
  const { client } = await openSession(call);
  const { value } = await client.call('POST', '/packs/register', {
    body: { ...selection(call), fail_on_failure: false },
  });
  const { errors, ...counts } = rowOf(value);
  const found = rowsOf(errors);
  const outcome = found.length > 0 ? 'failed' : 'done';
  if (await showForProgram(call, value)) return outcome;
  await showRecord(call, counts, { attributes: ['all'] });
  for (const error of found) await call.terminal.print(`ERROR: ${place(error)}: ${String(error.message ?? 'unknown')}`);
  if (found.length > 0)
    await call.terminal.print(
      `${found.length} ${found.length === 1 ? 'error' : 'errors'}; everything else is registered.`,
    );
  return outcome;
}

function selection(call: Call): Row {
  const types = call.options.texts('types');
  return { ...(types ? { types } : {}), ...(call.args.length > 0 ? { packs: call.args } : {}) };
}

/** `examples/actions/a.yaml:3:7`, as much of it as is known. */
function place(error: Row): string {
  const file = error.file ?? (isObject(error.pack) ? undefined : error.pack) ?? 'packs';
  return [file, error.line, error.column].filter((part) => part !== undefined && part !== null).join(':');
}
