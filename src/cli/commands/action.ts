/** `action list` and `action get`. Running one is run.ts's matter. */
import type { Call, Outcome } from '../command.ts';
import { getResources, listResource, type Resource } from './resources.ts';

const actions: Resource = {
  path: '/actions',
  kind: 'Action',
  listAttributes: ['ref', 'pack', 'description'],
  canInclude: true,
  getAttributes: ['all'],
  getOrder: ['id', 'uid', 'ref', 'pack', 'name', 'description', 'enabled', 'entry_point', 'runner_type', 'parameters'],
};

export function actionList(call: Call): Promise<Outcome> {
  const pack = call.options.text('pack');
  return listResource(call, actions, pack === undefined ? [] : [['pack', pack]]);
}

export function actionGet(call: Call): Promise<Outcome> {
  return getResources(call, actions);
}
