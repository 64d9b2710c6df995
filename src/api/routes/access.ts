/** Everything about who gets in: the caller, tokens, API keys. */
import type { Context } from '../../operations/context.ts';
import type { Route } from '../route.ts';
import { apiKeyRoutes } from './api-keys.ts';
import { tokenRoutes } from './tokens.ts';
import { userRoutes } from './user.ts';

export function accessRoutes(context: Context): readonly Route[] {
  return [...userRoutes(), ...tokenRoutes(context), ...apiKeyRoutes(context)];
}
