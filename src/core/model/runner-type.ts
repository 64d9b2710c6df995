/** A runner type: how an action is run, and the parameters every action of it understands. */
import type { ParameterSchemas } from './parameter-schema.ts';

export interface RunnerType {
  readonly id: string;
  /** `runner_type:<name>` */
  readonly uid: string;
  readonly name: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly runner_package: string;
  readonly runner_module: string;
  readonly runner_parameters: ParameterSchemas;
  readonly output_schema: Readonly<Record<string, unknown>>;
  /** The field of the result that `output_schema` describes. */
  readonly output_key?: string;
  readonly query_module?: string;
}
