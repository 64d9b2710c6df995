/** `runner list`, `get`, `enable`, `disable`. */
import type { Call, Outcome } from '../command.ts';
import { findByNameOrId, getResources, listResource, type Resource, setEnabled } from './resources.ts';

const runners: Resource = {
  path: '/runnertypes',
  kind: 'Runner',
  listAttributes: ['id', 'name', 'description'],
  canInclude: true,
  getAttributes: ['all'],
};

export function runnerList(call: Call): Promise<Outcome> {
  return listResource(call, runners);
}

export function runnerGet(call: Call): Promise<Outcome> {
  return getResources(call, runners);
}

export function runnerEnable(call: Call): Promise<Outcome> {
  return setEnabled(call, runners, true, (client, id) => findByNameOrId(client, runners, id));
}

export function runnerDisable(call: Call): Promise<Outcome> {
  return setEnabled(call, runners, false, (client, id) => findByNameOrId(client, runners, id));
}
