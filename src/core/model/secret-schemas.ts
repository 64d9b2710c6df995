/** Which parameters of an execution are secret: by the action's word, else by the runner's. */
import type { ParameterSchemas } from './parameter-schema.ts';

const known = new WeakMap<ParameterSchemas, ParameterSchemas>();

/** Runner and action parameters in one map, attribute by attribute. Remembered by the action's parameters. */
export function secretSchemas(runner: ParameterSchemas, action: ParameterSchemas): ParameterSchemas {
  const found = known.get(action);
  if (found) return found;
  const merged: Record<string, ParameterSchemas[string]> = { ...runner };
  for (const [name, schema] of Object.entries(action)) merged[name] = { ...runner[name], ...schema };
  known.set(action, merged);
  return merged;
}
