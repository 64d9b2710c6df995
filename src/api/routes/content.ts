/** Everything that packs and the product bring along: actions, runner types, packs. */
import type { Context } from '../../operations/context.ts';
import type { Route } from '../route.ts';
import { actionRoutes } from './actions.ts';
import { packRoutes } from './packs.ts';
import { runnerTypeRoutes } from './runner-types.ts';

export function contentRoutes(context: Context): readonly Route[] {
  return [...actionRoutes(context), ...runnerTypeRoutes(context), ...packRoutes(context)];
}
