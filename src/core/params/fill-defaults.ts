/**
 * Defaults put in before a value is checked, so that a parameter with a default counts as given: at the first level,
 * and inside objects and arrays that are there. A missing object is not created. The values handed to the runner do
 * not come from here (spec/executions.md §4.1).
 */
import { isObject } from '../../base/json.ts';
import type { ParameterSchema, ParameterSchemas } from '../model/parameter-schema.ts';

export function fillDefaults(
  schemas: ParameterSchemas,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const filled = new Map(Object.entries(values));
  for (const [name, schema] of Object.entries(schemas)) {
    if (!isObject(schema)) continue;
    const value = filled.get(name) ?? defaultOf(schema);
    if (value === undefined) continue;
    filled.set(name, fillInside(schema, value));
  }
  return Object.fromEntries(filled);
}

/** A null default says "may be null"; it is not put where `enum` would then refuse what nobody gave. */
function defaultOf(schema: ParameterSchema): unknown {
  if (schema.default === null && schema.enum !== undefined && !schema.enum.includes(null)) return undefined;
  return schema.default;
}

function fillInside(schema: ParameterSchema, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items: unknown = schema.items;
    return value.map((item, index) => {
      const itemSchema = Array.isArray(items) ? items[index] : items;
      return isObject(itemSchema) ? fillInside(itemSchema, item ?? itemSchema['default'] ?? null) : item;
    });
  }
  return isObject(value) && isObject(schema.properties) ? fillDefaults(schema.properties, value) : value;
}
