/** An action: what can be run. Field names are the published ones, from the metadata file to the browser. */
import type { ParameterSchemas } from './parameter-schema.ts';

export interface NotifyTarget {
  readonly message?: string;
  readonly data?: unknown;
  readonly routes?: readonly (string | null)[];
  readonly channels?: readonly (string | null)[];
}

export interface Notify {
  readonly 'on-complete'?: NotifyTarget;
  readonly 'on-success'?: NotifyTarget;
  readonly 'on-failure'?: NotifyTarget;
}

export interface Action {
  readonly id: string;
  /** `<pack>.<name>` */
  readonly ref: string;
  /** `action:<pack>:<name>` */
  readonly uid: string;
  readonly pack: string;
  readonly name: string;
  readonly description?: string;
  readonly enabled: boolean;
  /** Relative to the pack's `actions/`; empty when the runner needs none. */
  readonly entry_point: string;
  /** A runner type's name. */
  readonly runner_type: string;
  readonly parameters: ParameterSchemas;
  readonly output_schema: Readonly<Record<string, unknown>>;
  readonly tags: readonly { readonly name: string; readonly value: string }[];
  readonly notify: Notify;
  /** Path inside the pack, `actions/local.yaml`. */
  readonly metadata_file: string;
  /** Our own: stdout and stderr of the result stay text even where they are JSON (spec/executions.md §10, 10). */
  readonly raw_stdout?: boolean;
}
