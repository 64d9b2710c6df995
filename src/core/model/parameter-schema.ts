/**
 * The schema dialect of action and runner parameters and of pack configs: JSON Schema draft 4 with `required: true`
 * inside a property, plus `secret`, `immutable` and `position` (spec/packs.md §3).
 */
export interface ParameterSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly required?: boolean;
  readonly secret?: boolean;
  readonly immutable?: boolean;
  readonly position?: number;
  readonly properties?: ParameterSchemas;
  readonly items?: ParameterSchema;
  readonly additionalProperties?: boolean | ParameterSchema;
  readonly [keyword: string]: unknown;
}

export type ParameterSchemas = { readonly [name: string]: ParameterSchema };
