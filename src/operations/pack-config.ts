/** A pack's configuration as its actions get it: `<home>/configs/<pack>.yaml` over the defaults of `config.schema.yaml`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isObject } from '../base/json.ts';
import { readContentFile } from '../content/read-yaml.ts';
import { fillDefaults } from '../core/params/fill-defaults.ts';
import type { ParameterSchemas } from '../core/model/parameter-schema.ts';
import { secretValues } from '../core/model/secret.ts';
import type { Context } from './context.ts';

export interface PackConfig {
  readonly values: Readonly<Record<string, unknown>>;
  /** The texts in it that the schema marks as secret. */
  readonly secrets: readonly string[];
}

/** Empty where the pack has neither. Fault `invalid_content` where a file cannot be read, with the place. */
export async function readPackConfig(
  context: Context,
  pack: string,
  packPath: string | undefined,
): Promise<PackConfig> {
  const own = await readObject(join(context.settings.home, 'configs', `${pack}.yaml`));
  const schema = packPath === undefined ? {} : await readObject(join(packPath, 'config.schema.yaml'));
  const schemas = schema as ParameterSchemas; // an unusable entry has no default, marks no secret, and is left alone
  const values = fillDefaults(schemas, own);
  return { values, secrets: secretValues(schemas, values) };
}

async function readObject(path: string): Promise<Record<string, unknown>> {
  if (!existsSync(path)) return {};
  const { value } = await readContentFile(path);
  return isObject(value) ? value : {};
}
